import { bool, type GgufValue, string, uint32 } from '../../gguf/value.ts';
import type { JsonObject } from '../json-object.ts';
import type { ModelFolder } from '../model-folder.ts';
import { readAddedTokens } from './added-tokens.ts';
import { describeSpecialTokens } from './special-tokens.ts';
import { TOKEN_KIND, TokenList } from './token-list.ts';

/**
 * BERT's WordPiece from tokenizer.json. llama.cpp marks the beginning of a word (▁word) where BERT marks its
 * continuation (##ing).
 */
export function describeWordPiece(
  folder: ModelFolder,
  tokenizer: JsonObject,
  size: number,
  tokenTypes: number,
): (readonly [string, GgufValue])[] {
  const special = new Set(readAddedTokens(folder).flatMap((token) => (token.special ? [token.text] : [])));
  const original = new TokenList();
  const tokens = new TokenList();
  for (const [text, id] of tokenizer.object('model').object('vocab').entries()) {
    const kind = special.has(text) ? TOKEN_KIND.control : TOKEN_KIND.normal;
    original.set(Number(id), { text, kind, score: 0 });
    tokens.set(Number(id), { text: special.has(text) ? text : markWordStart(text), kind, score: 0 });
  }
  const normalizer = tokenizer.optionalObject('normalizer');
  const flags = [
    ['lowercase', normalizer?.optionalFlag('lowercase')],
    ['strip_accents', normalizer?.optionalFlag('strip_accents')],
  ] as const;
  return [
    ['tokenizer.ggml.model', string('bert')],
    ['tokenizer.ggml.pre', string('default')],
    ['tokenizer.ggml.token_type_count', uint32(tokenTypes)],
    ...flags.flatMap(([name, value]) =>
      value === undefined ? [] : [[`tokenizer.ggml.normalizer.${name}`, bool(value)] as const],
    ),
    ...tokens.describe(size, false),
    ...describeSpecialTokens(folder, original),
  ];
}

function markWordStart(text: string): string {
  return text.startsWith('##') ? text.slice(2) : `▁${text}`;
}
