import { describeTools, writeHermesCall } from './describe-tools.ts';
import { MarkedCallsParser } from './marked-calls.ts';
import type { CallHead } from './named-calls.ts';
import { TaggedCallReader } from './tagged-calls.ts';
import type { ToolFamily, ToolSignatures } from './tool-family.ts';

/** GLM 4.5 and later: `<tool_call>name<arg_key>key</arg_key><arg_value>value</arg_value>…</tool_call>`. */
export const glm: ToolFamily = {
  id: 'glm',
  markers: ['<tool_call>', '</tool_call>', '<arg_key>', '</arg_key>', '<arg_value>', '</arg_value>'],
  createParser: (signatures) =>
    new MarkedCallsParser({
      markers: ['<tool_call>'],
      createReader: () =>
        new TaggedCallReader({
          readHead: (text) => readHead(text, signatures),
          parameterOpen: '<arg_key>',
          parameter: /^<arg_key>([^<]+)<\/arg_key>\s*<arg_value>([\s\S]*?)<\/arg_value>/,
          end: '</tool_call>',
          closing: [],
          signatures,
        }),
    }),
  callSyntax: {
    trigger: '<tool_call>',
    before: '<tool_call>',
    nameKey: null,
    separator: '\n',
    bareArguments: true,
    after: '</tool_call>',
  },
  describeTools,
  writeCall: writeHermesCall,
  formCallId: (id) => id,
};

/** A line with the name of a tool is a call even if no argument follows. */
function readHead(text: string, signatures: ToolSignatures): CallHead {
  const found = /^\s*([\w.-]+)(?:\s*(?=<)|\n)/.exec(text);
  if (found !== null && (!found[0].endsWith('\n') || signatures.has(found[1]!))) {
    return { name: found[1]!, length: found[0].length };
  }
  return /^\s*[\w.-]{0,128}\s*$/.test(text) ? 'more' : 'failed';
}
