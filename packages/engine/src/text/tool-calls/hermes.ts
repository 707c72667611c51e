import { describeTools, writeHermesCall } from './describe-tools.ts';
import { JsonCallsReader } from './json-calls.ts';
import { MarkedCallsParser } from './marked-calls.ts';
import type { ToolFamily } from './tool-family.ts';

/**
 * Hermes, Qwen 2.5 and 3, and every model that is taught by the default prompt: JSON inside `<tool_call>`
 * tags.
 */
export const hermes: ToolFamily = {
  id: 'hermes',
  markers: ['<tool_call>', '</tool_call>'],
  createParser: () =>
    new MarkedCallsParser({
      markers: ['<tool_call>'],
      createReader: () =>
        new JsonCallsReader({ accepts: () => true, closing: ['</tool_call>'], separators: null }),
    }),
  callSyntax: {
    trigger: '<tool_call>',
    before: '<tool_call>\n',
    nameKey: 'name',
    argumentsKey: 'arguments',
    after: '\n</tool_call>',
  },
  describeTools,
  writeCall: writeHermesCall,
  formCallId: (id) => id,
};
