import { LlamaError } from './llama-error.ts';
import type { LlamaModel } from './model.ts';

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
  return {
    vocabularySize,
    bosToken: presentOrNull(native.bos(vocab)),
    eosToken: presentOrNull(native.eos(vocab)),
    endTokens: tokens.filter((token) => native.isEnd(vocab, token)),
    addsBos: native.addsBos(vocab),
    encode: (text, options) => encodeText(model, text, options),
    tokenBytes: (token, special = false) => readToken(checkToken(token, vocabularySize), special),
    isControl: (token) => native.isControl(vocab, checkToken(token, vocabularySize)),
  };
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
  const run = (room: Int32Array) =>
    model.library.vocab.tokenize(
      model.vocab,
      bytes,
      bytes.length,
      room,
      room.length,
      options.addSpecial,
      options.parseSpecial,
    );
  // No token is shorter than a byte in byte-level vocabularies; others can exceed this and say how much they need.
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

/** llama.cpp aborts on some ids outside the vocabulary, so they never get there. */
function checkToken(token: number, vocabularySize: number): number {
  if (Number.isInteger(token) && token >= 0 && token < vocabularySize) return token;
  throw new LlamaError(`token ${token} is outside the vocabulary (0 … ${vocabularySize - 1})`);
}
