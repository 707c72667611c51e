import { type GgufValue, string, strings } from '../../gguf/value.ts';
import { ConvertError } from '../convert-error.ts';
import type { JsonObject } from '../json-object.ts';
import type { ModelFolder } from '../model-folder.ts';
import { applyAddedTokens, readAddedTokens } from './added-tokens.ts';
import { detectPreTokenizer } from './pre-tokenizer.ts';
import { describeSpecialTokens } from './special-tokens.ts';
import { TOKEN_KIND, TokenList } from './token-list.ts';

/** Byte-level BPE (GPT-2, Llama 3, Qwen, …) from tokenizer.json. */
export function describeByteLevel(
  folder: ModelFolder,
  tokenizer: JsonObject,
  size: number,
): (readonly [string, GgufValue])[] {
  const model = tokenizer.object('model');
  const tokens = new TokenList();
  for (const [text, id] of model.object('vocab').entries()) {
    tokens.set(Number(id), { text, kind: TOKEN_KIND.normal, score: 0 });
  }
  applyAddedTokens(tokens, readAddedTokens(folder));
  return [
    ['tokenizer.ggml.model', string('gpt2')],
    ['tokenizer.ggml.pre', string(detectPreTokenizer(tokenizer))],
    ...tokens.describe(size, false),
    ['tokenizer.ggml.merges', strings(readMerges(model))],
    ...describeSpecialTokens(folder, tokens),
  ];
}

/**
 * Merges are `a b` in older files, [a, b] in newer; a space inside a part is written as byte-level text has
 * it.
 */
export function readMerges(model: JsonObject): string[] {
  return (model.optionalArray('merges') ?? []).map((merge) => {
    if (typeof merge === 'string') return merge;
    if (Array.isArray(merge) && merge.length === 2) {
      return merge.map((part) => String(part).replaceAll(' ', 'Ġ')).join(' ');
    }
    throw new ConvertError(`tokenizer.json: ${JSON.stringify(merge)} is not a merge`);
  });
}
