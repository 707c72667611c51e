import { describeTools, writeHermesCall } from './describe-tools.ts';
import { JsonCallsReader } from './json-calls.ts';
import { MarkedCallsParser } from './marked-calls.ts';
import { type CallHead, NamedCallReader } from './named-calls.ts';
import type { ToolFamily } from './tool-family.ts';

/**
 * Llama 3.1 to 3.3: the whole answer is `{"name": …, "parameters": {…}}`, sometimes behind `<|python_tag|>`,
 * or
 * `<function=name>{…}</function>`. A JSON answer that names no tool of the request stays an answer.
 */
export const llama3: ToolFamily = {
  id: 'llama3',
  markers: ['<|python_tag|>'],
  createParser: (signatures) =>
    new MarkedCallsParser({
      markers: ['<|python_tag|>', '{', '<function='],
      onlyFirst: true,
      createReader: (marker) => {
        if (marker === '<function=') return new NamedCallReader({ readHead, closing: ['</function>'] });
        const reader = new JsonCallsReader({
          accepts: (name) => signatures.has(name),
          closing: [],
          separators: ';,',
        });
        // The brace is the marker and the beginning of the object.
        if (marker === '{') reader.push('{');
        return reader;
      },
    }),
  callSyntax: {
    trigger: null,
    before: '',
    nameKey: 'name',
    argumentsKey: 'parameters',
    after: '',
    others: [
      { trigger: '{', onlyFirst: true, kept: '{', content: 'answer', after: '' },
      { trigger: '<|python_tag|>', onlyFirst: true, content: 'call', after: '' },
      { trigger: '<function=', onlyFirst: true, content: 'named', separator: '>', after: '</function>' },
    ],
  },
  describeTools,
  writeCall: writeHermesCall,
  formCallId: (id) => id,
};

function readHead(text: string): CallHead {
  const end = text.indexOf('>');
  if (end >= 0) return { name: text.slice(0, end), length: end + 1 };
  return /^[\w.-]{0,128}$/.test(text) ? 'more' : 'failed';
}
