import { LlamaError } from './llama-error.ts';
import type { LlamaModel } from './model.ts';
import { TOKEN_ATTRIBUTE } from './native/declarations/vocab.ts';
import { resolveNormalForm } from './normal-form.ts';
import { makeSpecialSplitter, type SpecialToken } from './split-at-control-tokens.ts';

/** Bytes of text one native call tokenizes: its lengths are 32-bit, and a call blocks the event loop. */
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

/** The model's own tokenizer. Works while the model is open. */
export interface LlamaTokenizer {
  readonly vocabularySize: number;
  readonly bosToken: number | null;
  readonly eosToken: number | null;
  /** End-of-generation tokens (eos, eot, …). */
  readonly endTokens: readonly number[];
  readonly addsBos: boolean;
  encode(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): number[];
  tokenBytes(token: number, special?: boolean): Uint8Array;
  isControl(token: number): boolean;
}

/** Makes the tokenizer of a model. */
export function createTokenizer(model: LlamaModel): LlamaTokenizer {
  const { vocab, library, vocabularySize } = model;
  const native = library.vocab;
  const tokens = Array.from({ length: vocabularySize }, (_, token) => token);
  const presentOrNull = (token: number): number | null => (token < 0 ? null : token);
  const readToken = makeTokenReader(model);
  const special = listSpecialTokens(model, tokens, readToken);
  // Tokens of the user-defined kind are found in any text, control tokens only where they are asked for.
  const splitBoth = makeSpecialSplitter(special);
  const splitDefined = makeSpecialSplitter(special.filter((token) => token.userDefined));
  const added = findAdded(model);
  const form = resolveNormalForm(model.metadata);
  return {
    vocabularySize,
    bosToken: presentOrNull(native.bos(vocab)),
    eosToken: presentOrNull(native.eos(vocab)),
    endTokens: tokens.filter((token) => native.isEnd(vocab, token)),
    addsBos: native.addsBos(vocab),
    encode(raw, options) {
      const text = form === null ? raw : raw.normalize(form);
      const parts = (options.parseSpecial ? splitBoth : splitDefined)(text);
      if (parts.length < 2 || added === null) return encodeText(model, text, options);
      const ids = parts.flatMap((part) => encodeText(model, part, { ...options, addSpecial: false }));
      return options.addSpecial ? [...added.before, ...ids, ...added.after] : ids;
    },
    tokenBytes: (token, withSpecial = false) => readToken(checkToken(model, token), withSpecial),
    isControl: (token) => native.isControl(vocab, checkToken(model, token)),
  };
}

/** What the model puts before and after a text, found by tokenizing one; null when that cannot be told. */
function findAdded(model: LlamaModel): { before: number[]; after: number[] } | null {
  const bare = encodeText(model, 'a', { addSpecial: false, parseSpecial: false });
  const full = encodeText(model, 'a', { addSpecial: true, parseSpecial: false });
  const at = full.findIndex((_, index) => bare.every((token, offset) => full[index + offset] === token));
  if (bare.length === 0 || at < 0) return null;
  return { before: full.slice(0, at), after: full.slice(at + bare.length) };
}

function listSpecialTokens(
  model: LlamaModel,
  tokens: readonly number[],
  readToken: (token: number, special: boolean) => Uint8Array,
): (SpecialToken & { userDefined: boolean })[] {
  const { control, userDefined, unknown, stripsLeft } = TOKEN_ATTRIBUTE;
  return tokens.flatMap((token) => {
    const attributes = model.library.vocab.attributes(model.vocab, token);
    if ((attributes & (control | userDefined | unknown)) === 0) return [];
    const text = Buffer.from(readToken(token, true)).toString('utf8');
    if (text === '') return [];
    return [
      { text, stripsLeft: (attributes & stripsLeft) !== 0, userDefined: (attributes & userDefined) !== 0 },
    ];
  });
}

function encodeText(
  model: LlamaModel,
  text: string,
  options: { addSpecial: boolean; parseSpecial: boolean },
): number[] {
  const bytes = Buffer.from(text, 'utf8');
  if (bytes.length > TEXT_BYTES_MAX) {
    throw new LlamaError(
      `a text of ${bytes.length} bytes is more than the ${TEXT_BYTES_MAX} that can be tokenized`,
    );
  }
  // Touch the handle: a closed model's vocabulary is freed memory.
  void model.pointer;
  const run = (room: Int32Array): number =>
    model.library.vocab.tokenize(
      model.vocab,
      bytes,
      bytes.length,
      room,
      room.length,
      options.addSpecial,
      options.parseSpecial,
    );
  // No token is shorter than a byte in byte-level vocabularies; others can exceed this and say how much they
  // need.
  let room = new Int32Array(bytes.length + 16);
  let count = run(room);
  if (count < 0) {
    room = new Int32Array(-count);
    count = run(room);
  }
  if (count < 0) throw new LlamaError(`llama.cpp cannot tokenize a text of ${bytes.length} bytes (${count})`);
  return Array.from(room.subarray(0, count));
}

function makeTokenReader(model: LlamaModel): (token: number, special: boolean) => Uint8Array {
  const { vocab, library } = model;
  let buffer = new Uint8Array(256);
  return (token, special) => {
    let length = library.vocab.tokenToPiece(vocab, token, buffer, buffer.length, 0, special);
    if (length < 0) {
      buffer = new Uint8Array(-length);
      length = library.vocab.tokenToPiece(vocab, token, buffer, buffer.length, 0, special);
    }
    return buffer.slice(0, length);
  };
}

/** llama.cpp aborts on some ids outside the vocabulary, and a closed model's vocabulary is freed memory. */
function checkToken(model: LlamaModel, token: number): number {
  void model.pointer;
  if (Number.isInteger(token) && token >= 0 && token < model.vocabularySize) return token;
  throw new LlamaError(`token ${token} is outside the vocabulary (0 … ${model.vocabularySize - 1})`);
}
