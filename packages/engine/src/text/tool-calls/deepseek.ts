import { listTools } from './describe-tools.ts';
import { MarkedCallsParser } from './marked-calls.ts';
import { type CallHead, NamedCallReader } from './named-calls.ts';
import type { ToolFamily } from './tool-family.ts';

const callsBegin = '<｜tool▁calls▁begin｜>';
const callsEnd = '<｜tool▁calls▁end｜>';
const callBegin = '<｜tool▁call▁begin｜>';
const callEnd = '<｜tool▁call▁end｜>';
const separator = '<｜tool▁sep｜>';

const createParser: ToolFamily['createParser'] = () =>
  new MarkedCallsParser({
    markers: [callsBegin, callBegin, callsEnd],
    empty: [callsBegin, callsEnd],
    createReader: () => new NamedCallReader({ readHead, closing: ['```', callEnd] }),
  });

/** DeepSeek V3 and R1: `function<sep>name`, a line break and the arguments in a ```json fence. */
export const deepseek: ToolFamily = {
  id: 'deepseek',
  markers: [callsBegin, callsEnd, callBegin, callEnd, separator],
  createParser,
  callSyntax: {
    trigger: callBegin,
    before: `${callsBegin}${callBegin}function${separator}`,
    nameKey: null,
    separator: '\n```json\n',
    after: `\n\`\`\`${callEnd}${callsEnd}`,
  },
  describeTools: (tools) =>
    listTools(
      tools,
      `${callsBegin}${callBegin}function${separator}name\n\`\`\`json\n{}\n\`\`\`${callEnd}${callsEnd}`,
    ),
  writeCall: (name, values) =>
    `${callsBegin}${callBegin}function${separator}${name}\n\`\`\`json\n${toJson(values)}\n\`\`\`${callEnd}${callsEnd}`,
  formCallId: (id) => id,
};

/** DeepSeek V3.1: `name<sep>` and the bare arguments. The parser reads both spellings. */
export const deepseekV31: ToolFamily = {
  ...deepseek,
  id: 'deepseek-v3.1',
  callSyntax: {
    trigger: callBegin,
    before: `${callsBegin}${callBegin}`,
    nameKey: null,
    separator,
    after: `${callEnd}${callsEnd}`,
  },
  describeTools: (tools) =>
    listTools(tools, `${callsBegin}${callBegin}name${separator}{}${callEnd}${callsEnd}`),
  writeCall: (name, values) =>
    `${callsBegin}${callBegin}${name}${separator}${toJson(values)}${callEnd}${callsEnd}`,
};

function toJson(values: Record<string, unknown> | string): string {
  return typeof values === 'string' ? values : JSON.stringify(values);
}

function readHead(text: string): CallHead {
  const place = text.indexOf(separator);
  if (place < 0) return text.length > 256 ? 'failed' : 'more';
  const first = text.slice(0, place).trim();
  const behind = text.slice(place + separator.length);
  if (/^\s*\{/.test(behind)) return { name: first, length: place + separator.length };
  const fenced = /^\s*([\w.-]+)\s*\n\s*```(?:json)?\s*(?=\{)/.exec(behind);
  if (fenced !== null) return { name: fenced[1]!, length: place + separator.length + fenced[0].length };
  return behind.length > 256 ? 'failed' : 'more';
}
