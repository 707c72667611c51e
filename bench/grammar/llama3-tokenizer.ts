import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Vocabulary } from '../../packages/grammar/src/index.ts';

/** Llama 3's tokenizer, the one that figures of other grammar engines are published for. */
export interface Llama3Tokenizer {
  readonly vocabulary: Vocabulary;
  /** The tokens as text in the byte-level alphabet of GPT-2, as tokenizer files write them. */
  readonly encodedTokens: readonly string[];
  /** Token that ends an answer. */
  readonly endToken: number;
  encode(text: string): readonly number[];
}

interface TokenizerPackage {
  readonly default: {
    readonly vocabById: readonly string[];
    encode(text: string, options: { bos: boolean; eos: boolean }): number[];
  };
}

const FIRST_CONTROL_TOKEN = 128_000;
const END_OF_TEXT = 128_001;
const END_OF_TURN = 128_009;

/** Loads llama3-tokenizer-js from the anchors. */
export async function loadLlama3Tokenizer(): Promise<Llama3Tokenizer> {
  const resolveAnchor = createRequire(new URL('../anchors/package.json', import.meta.url)).resolve;
  const path = pathToFileURL(resolveAnchor('llama3-tokenizer-js')).href;
  const { default: tokenizer } = (await import(path)) as TokenizerPackage;
  const byteOf = readByteAlphabet();
  const bytes = tokenizer.vocabById.map((text, token) =>
    token >= FIRST_CONTROL_TOKEN
      ? new Uint8Array(0)
      : Uint8Array.from([...text].map((char) => byteOf.get(char)!)),
  );
  return {
    vocabulary: {
      size: bytes.length,
      tokenBytes: (token) => bytes[token]!,
      endTokens: [END_OF_TEXT, END_OF_TURN],
    },
    encodedTokens: tokenizer.vocabById,
    endToken: END_OF_TURN,
    encode: (text) => tokenizer.encode(text, { bos: false, eos: false }),
  };
}

/** GPT-2's way to write bytes: printable ones stand for themselves, the others are counted on from U+0100. */
function readByteAlphabet(): Map<string, number> {
  const alphabet = new Map<string, number>();
  let next = 0x100;
  for (let byte = 0; byte < 256; byte += 1) {
    const printable = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    alphabet.set(String.fromCodePoint(printable ? byte : next++), byte);
  }
  return alphabet;
}
