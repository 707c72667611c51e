import { createHash } from 'node:crypto';
import type { CallsReader, ReadResult } from './call-scanner.ts';
import { describeTools, writeHermesCall } from './describe-tools.ts';
import { JsonCallsReader } from './json-calls.ts';
import { MarkedCallsParser } from './marked-calls.ts';
import { type CallHead, NamedCallReader } from './named-calls.ts';
import type { ToolFamily } from './tool-family.ts';

/**
 * Mistral: `[TOOL_CALLS]` and a JSON list of calls; since tokenizer version 11 `[TOOL_CALLS]name[ARGS]{…}`,
 * one marker a call.
 */
export const mistral: ToolFamily = {
  id: 'mistral',
  markers: ['[TOOL_CALLS]', '[ARGS]', '[CALL_ID]'],
  createParser: () =>
    new MarkedCallsParser({ markers: ['[TOOL_CALLS]'], createReader: () => new MistralReader() }),
  callSyntax: {
    trigger: '[TOOL_CALLS]',
    before: '[TOOL_CALLS][',
    nameKey: 'name',
    argumentsKey: 'arguments',
    after: ']',
    list: true,
  },
  describeTools,
  writeCall: writeHermesCall,
  // Their templates refuse ids that are not nine letters and digits.
  formCallId: (id) =>
    /^[A-Za-z0-9]{9}$/.test(id) ? id : createHash('sha256').update(id).digest('hex').slice(0, 9),
};

/** Tokenizer version 11 and later: the name outside of the JSON. The parser reads both spellings. */
export const mistralV11: ToolFamily = {
  ...mistral,
  id: 'mistral-v11',
  callSyntax: {
    trigger: '[TOOL_CALLS]',
    before: '[TOOL_CALLS]',
    nameKey: null,
    separator: '[ARGS]',
    after: '',
  },
};

/** Looks at the first character behind the marker to tell the two forms apart. */
class MistralReader implements CallsReader {
  #reader: CallsReader | null = null;

  push(text: string): ReadResult {
    if (this.#reader === null) {
      const first = text.trimStart()[0];
      if (first === undefined) return { events: [], state: 'open', rest: '' };
      const asJson = first === '[' || first === '{';
      this.#reader = asJson
        ? new JsonCallsReader({ accepts: () => true, closing: [], separators: null })
        : new NamedCallReader({ readHead, closing: [] });
    }
    return this.#reader.push(text);
  }
}

function readHead(text: string): CallHead {
  const match = /^\s*([\w.-]+)(?:\[CALL_ID\][A-Za-z0-9]*)?(?:\[ARGS\]|(?=\s*\{))/.exec(text);
  if (match !== null) return { name: match[1]!, length: match[0].length };
  return /^\s*[\w.-]{0,128}(?:\s*|\[[\w[\]]{0,64})$/.test(text) ? 'more' : 'failed';
}
