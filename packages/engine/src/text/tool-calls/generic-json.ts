import { describeTools, writeHermesCall } from './describe-tools.ts';
import { JsonCallsReader } from './json-calls.ts';
import { MarkedCallsParser } from './marked-calls.ts';
import type { ToolFamily } from './tool-family.ts';

/**
 * Templates that describe tools in a way we have no parser for: an answer that is, from its first character,
 * a JSON call (or list of calls) of a tool of the request, or a call in `<tool_call>` tags.
 */
export const genericJson: ToolFamily = {
  id: 'generic-json',
  markers: ['<tool_call>', '</tool_call>'],
  createParser: (signatures) =>
    new MarkedCallsParser({
      markers: ['<tool_call>', '```json', '{', '['],
      onlyFirst: true,
      createReader: (marker) => {
        const reader = new JsonCallsReader({
          accepts: (name) => signatures.has(name),
          closing: marker === '```json' ? ['```'] : marker === '<tool_call>' ? ['</tool_call>'] : [],
          separators: marker === '{' ? ';,' : null,
        });
        if (marker === '{' || marker === '[') reader.push(marker);
        return reader;
      },
    }),
  callSyntax: {
    trigger: null,
    before: '',
    nameKey: 'name',
    argumentsKey: 'arguments',
    after: '',
    others: [
      { trigger: '{', onlyFirst: true, kept: '{', content: 'answer', after: '' },
      { trigger: '[', onlyFirst: true, kept: '[', content: 'answer', after: '' },
      { trigger: '```json', onlyFirst: true, content: 'answer', after: '\n```' },
      { trigger: '<tool_call>', onlyFirst: true, content: 'call', after: '</tool_call>' },
    ],
  },
  describeTools,
  writeCall: writeHermesCall,
  formCallId: (id) => id,
};
