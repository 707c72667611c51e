import { bool, type GgufValue, string, uint32 } from '../../gguf/value.ts';
import { ConvertError } from '../convert-error.ts';
import type { JsonObject } from '../json-object.ts';
import type { ModelFolder } from '../model-folder.ts';
import { readAddedTokens } from './added-tokens.ts';
import { describeSpecialTokens } from './special-tokens.ts';
import { TOKEN_KIND, TokenList } from './token-list.ts';

/** SentencePiece's Unigram (XLM-RoBERTa and the models on it) from tokenizer.json. */
export function describeUnigram(
  folder: ModelFolder,
  tokenizer: JsonObject,
  size: number,
  tokenTypes: number,
): (readonly [string, GgufValue])[] {
  const model = tokenizer.object('model');
  const unknown = model.optionalNumber('unk_id');
  const tokens = new TokenList();
  for (const [id, entry] of (model.optionalArray('vocab') ?? []).entries()) {
    if (!Array.isArray(entry))
      throw new ConvertError('tokenizer.json: a Unigram vocabulary lists [text, score]');
    const kind = id === unknown ? TOKEN_KIND.unknown : TOKEN_KIND.normal;
    tokens.set(id, { text: String(entry[0]), score: Number(entry[1]), kind });
  }
  for (const { id, text, special } of readAddedTokens(folder)) {
    const before = tokens.get(id);
    if (before?.kind === TOKEN_KIND.unknown) continue;
    const kind = special ? TOKEN_KIND.control : TOKEN_KIND.userDefined;
    tokens.set(id, { text, kind, score: before?.score ?? 0 });
  }
  const charsmap = findCharsmap(tokenizer.optionalObject('normalizer'));
  return [
    ['tokenizer.ggml.model', string('t5')],
    ['tokenizer.ggml.pre', string('default')],
    ['tokenizer.ggml.token_type_count', uint32(tokenTypes)],
    ['tokenizer.ggml.add_space_prefix', bool(true)],
    ['tokenizer.ggml.remove_extra_whitespaces', bool(true)],
    ...(charsmap === undefined
      ? []
      : [['tokenizer.ggml.precompiled_charsmap', { type: 'array', of: 'uint8', value: charsmap }] as const]),
    ...tokens.describe(size, true),
    ...describeSpecialTokens(folder, tokens),
  ];
}

/** The table of character replacements lies in one of the normalizer's steps. */
function findCharsmap(normalizer: JsonObject | undefined): Uint8Array | undefined {
  if (normalizer === undefined) return undefined;
  const text = normalizer.optionalText('precompiled_charsmap');
  if (text !== undefined) return Buffer.from(text, 'base64');
  for (const step of normalizer.objects('normalizers')) {
    const found = findCharsmap(step);
    if (found !== undefined) return found;
  }
  return undefined;
}
