import { describeTools, writeHermesCall } from './describe-tools.ts';
import { MarkedCallsParser } from './marked-calls.ts';
import type { CallHead } from './named-calls.ts';
import { TaggedCallReader } from './tagged-calls.ts';
import type { ToolFamily } from './tool-family.ts';

/** Qwen3-Coder, Qwen 3.5, Nemotron 3: `<tool_call><function=name><parameter=key>value</parameter>…`. */
export const qwenXml: ToolFamily = {
  id: 'qwen-xml',
  markers: ['<tool_call>', '</tool_call>'],
  createParser: (signatures) =>
    new MarkedCallsParser({
      markers: ['<tool_call>'],
      createReader: () =>
        new TaggedCallReader({
          readHead,
          parameterOpen: '<parameter=',
          parameter: /^<parameter=([^>\n]+)>\n?([\s\S]*?)\n?<\/parameter>/,
          end: '</function>',
          closing: ['</tool_call>'],
          signatures,
        }),
    }),
  callSyntax: {
    trigger: '<tool_call>',
    before: '<tool_call>\n<function=',
    nameKey: null,
    separator: '>\n',
    bareArguments: true,
    after: '</tool_call>',
  },
  describeTools,
  writeCall: writeHermesCall,
  formCallId: (id) => id,
};

function readHead(text: string): CallHead {
  const found = /^\s*<function=([\w.-]+)>/.exec(text);
  if (found !== null) return { name: found[1]!, length: found[0].length };
  const lead = text.trimStart();
  return '<function='.startsWith(lead) || /^<function=[\w.-]{0,128}$/.test(lead) ? 'more' : 'failed';
}
