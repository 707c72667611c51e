import { bool, type GgufValue, string } from '../../gguf/value.ts';
import type { JsonObject } from '../json-object.ts';
import type { ModelFolder } from '../model-folder.ts';
import { applyAddedTokens, readAddedTokens } from './added-tokens.ts';
import { readMerges } from './byte-level.ts';
import { parseSentencePiece } from './sentencepiece-model.ts';
import { describeSpecialTokens } from './special-tokens.ts';
import { TOKEN_KIND, TokenList } from './token-list.ts';

/**
 * SentencePiece BPE (Llama 2, Mistral, Gemma, Phi-3) from tokenizer.model, or from tokenizer.json without it.
 */
export function describeSentencePiece(folder: ModelFolder, size: number): (readonly [string, GgufValue])[] {
  const { sentencePiece, tokenizer, tokenizerConfig } = folder;
  const fromModel = sentencePiece === null ? null : readPieces(sentencePiece);
  const { tokens, addsPrefix } = fromModel ?? readTokenizer(tokenizer!);
  applyAddedTokens(tokens, readAddedTokens(folder));
  return [
    ['tokenizer.ggml.model', string('llama')],
    ['tokenizer.ggml.pre', string('default')],
    ...tokens.describe(size, true),
    [
      'tokenizer.ggml.add_space_prefix',
      bool(tokenizerConfig.optionalFlag('add_prefix_space') ?? readPrefix(tokenizer) ?? addsPrefix),
    ],
    ...describeSpecialTokens(folder, tokens),
  ];
}

function readPieces(bytes: Uint8Array): { tokens: TokenList; addsPrefix: boolean } {
  const model = parseSentencePiece(bytes);
  const tokens = new TokenList();
  for (const [id, { text, score, kind }] of model.pieces.entries()) tokens.set(id, { text, kind, score });
  return { tokens, addsPrefix: model.addsPrefix };
}

/**
 * tokenizer.json holds merges instead of scores. The rank of the first merge that makes a token is the score
 * that SentencePiece would have given it, but for the sign: the earlier merge wins.
 */
function readTokenizer(tokenizer: JsonObject): { tokens: TokenList; addsPrefix: boolean } {
  const model = tokenizer.object('model');
  const scores = new Map<string, number>();
  for (const [rank, merge] of readMerges(model).entries()) {
    const text = merge.replace(' ', '');
    if (!scores.has(text)) scores.set(text, -rank);
  }
  const unknown = model.optionalText('unk_token');
  const tokens = new TokenList();
  for (const [text, id] of model.object('vocab').entries()) {
    const isByte = /^<0x[0-9A-F]{2}>$/.test(text);
    const kind = text === unknown ? TOKEN_KIND.unknown : isByte ? TOKEN_KIND.byte : TOKEN_KIND.normal;
    // Single characters are not merged from anything: they come after all that are.
    tokens.set(Number(id), { text, kind, score: scores.get(text) ?? -1e6 });
  }
  return { tokens, addsPrefix: false };
}

/** Whether tokenizer.json puts a space before the text; undefined when there is no such file. */
function readPrefix(tokenizer: JsonObject | null): boolean | undefined {
  if (tokenizer === null) return undefined;
  const steps = (field: string, nested: string): JsonObject[] => {
    const step = tokenizer.optionalObject(field);
    if (step === undefined) return [];
    const inner = step.objects(nested);
    return inner.length > 0 ? inner : [step];
  };
  const prepends = steps('normalizer', 'normalizers').some((step) => step.optionalText('type') === 'Prepend');
  const metaspace = steps('pre_tokenizer', 'pretokenizers').some(
    (step) =>
      step.optionalText('type') === 'Metaspace' &&
      (step.optionalText('prepend_scheme') ??
        (step.optionalFlag('add_prefix_space') === false ? 'never' : 'always')) !== 'never',
  );
  return prepends || metaspace;
}
