import type { Vocabulary } from '../contract.ts';

/** The end token of the test vocabularies. */
export const END_TOKEN = 0;

/** A vocabulary of an end token, all 256 single bytes and the given texts. */
export function vocabularyOf(texts: readonly string[] = []): Vocabulary {
  const encoder = new TextEncoder();
  const tokens = [
    new Uint8Array(0),
    ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
    ...texts.map((text) => encoder.encode(text)),
  ];
  return { size: tokens.length, tokenBytes: (token) => tokens[token]!, endTokens: [END_TOKEN] };
}

/** The tokens of a text in a vocabulary of `vocabularyOf`, one a byte. */
export function byteTokens(text: string): number[] {
  return [...new TextEncoder().encode(text)].map((byte) => byte + 1);
}
