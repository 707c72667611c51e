import { checkSpecialTokens } from './check-special-tokens.ts';
import { GgufError } from './gguf-error.ts';
import { arrayOf, textOf } from './metadata-access.ts';
import { findMissingPhi3Token, looksLikePhi3 } from './phi3-name.ts';
import type { GgufMetadata, GgufScalar } from './value.ts';

/** Tokenizers of llama.cpp v0.5.0 that turn text into tokens. */
const TOKENIZERS = ['llama', 'bert', 'gpt2', 'hybriddna', 'whitespace', 't5', 'rwkv', 'plamo2', 'gemma4'];

/** llama.cpp's number of the kind. */
const BYTE_KIND = 6;

/** Refuses vocabularies that llama.cpp asserts on or would read beyond the end of. */
export function checkVocabulary(metadata: GgufMetadata): void {
  const key = (name: string): string => `tokenizer.ggml.${name}`;
  const model = textOf(metadata, key('model'));
  if (model === undefined || !TOKENIZERS.includes(model)) {
    throw new GgufError(`${key('model')} must be one of ${TOKENIZERS.join(', ')}, not ${model ?? 'absent'}`);
  }
  const tokens = arrayOf(metadata, key('tokens'), ['string']) as readonly string[] | undefined;
  if (tokens === undefined || tokens.length === 0)
    throw new GgufError(`${key('tokens')} is missing or empty`);
  const scores = arrayOf(metadata, key('scores'), ['float32', 'int32']);
  const types = arrayOf(metadata, key('token_type'), ['int32']);
  for (const [name, values] of Object.entries({ scores, token_type: types })) {
    if (values !== undefined && values.length < tokens.length) {
      throw new GgufError(`${key(name)} has ${values.length} values for ${tokens.length} tokens`);
    }
  }
  arrayOf(metadata, key('merges'), ['string']);
  arrayOf(metadata, key('precompiled_charsmap'), ['int8', 'uint8']);
  checkDuplicates(tokens, key('tokens'));
  checkName(metadata, tokens);
  if (model === 'llama') checkByteTokens(tokens, key('tokens'));
  checkByteKinds(tokens, types, model);
  checkSpecialTokens(metadata, model, tokens.length);
}

/** A token of the byte kind is decoded from its text, which llama.cpp cuts without looking. */
function checkByteKinds(
  tokens: readonly string[],
  types: ArrayLike<GgufScalar> | undefined,
  model: string,
): void {
  for (const [id, text] of tokens.entries()) {
    if (types?.[id] !== BYTE_KIND) continue;
    if (model === 'bert' || !/^<0x[0-9A-Fa-f]{2}>$/.test(text)) {
      throw new GgufError(
        `tokenizer.ggml.token_type calls token ${id} (${JSON.stringify(text)}) a byte, which it is not`,
      );
    }
  }
}

function checkName(metadata: GgufMetadata, tokens: readonly string[]): void {
  const name = textOf(metadata, 'general.name') ?? '';
  const missing = looksLikePhi3(name) ? findMissingPhi3Token(tokens) : undefined;
  if (missing === undefined) return;
  throw new GgufError(
    `general.name is ${name}: llama.cpp takes it for Phi-3 and fails, as there is no token ${missing}; rename it`,
  );
}

function checkDuplicates(tokens: readonly string[], key: string): void {
  const seen = new Map<string, number>();
  for (const [id, token] of tokens.entries()) {
    // Empty ones get a name of their own; of tokens that are not UTF-8 we no longer know the bytes.
    if (token === '' || token.includes('\ufffd')) continue;
    const first = seen.get(token);
    if (first !== undefined) {
      throw new GgufError(
        `${key} holds ${JSON.stringify(token)} twice, as ${first} and ${id}; each must be unique`,
      );
    }
    seen.set(token, id);
  }
}

/** A SentencePiece tokenizer falls back to byte tokens, and throws uncaught where one is missing. */
function checkByteTokens(tokens: readonly string[], key: string): void {
  const known = new Set(tokens);
  for (let byte = 0; byte < 256; byte++) {
    const token = `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
    if (!known.has(token))
      throw new GgufError(`${key} lacks the byte token ${token} of a SentencePiece vocabulary`);
  }
}
