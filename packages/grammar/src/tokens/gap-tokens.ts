import { BLANKS_MAX, LINES_MAX } from '../json/white-space.ts';
import { buildTokenTrie, type TokenTrie, type TrieEntry } from './token-trie.ts';

/**
 * Tokens that begin with JSON white space, sorted by it, because at a gap all of it leads to the same place.
 */
export interface GapTokens {
  /** Tokens of white space alone. */
  readonly pure: Int32Array;
  /** Tokens that go on after the white space, as a tree of what follows it. */
  readonly tails: TokenTrie;
  /** Line ends and other white space at a token's start, by token. */
  readonly lines: Uint16Array;
  readonly blanks: Uint16Array;
}

export function sortGapTokens(entries: readonly TrieEntry[], vocabularySize: number): GapTokens {
  const lines = new Uint16Array(vocabularySize);
  const blanks = new Uint16Array(vocabularySize);
  const pure: number[] = [];
  const tails: TrieEntry[] = [];
  for (const { token, bytes } of entries) {
    let length = 0;
    while (length < bytes.length && isJsonSpace(bytes[length]!)) {
      if (bytes[length] === 0x0a) lines[token]!++;
      else blanks[token]!++;
      length++;
    }
    if (length === 0 || lines[token]! > LINES_MAX || blanks[token]! > BLANKS_MAX) continue;
    if (length === bytes.length) pure.push(token);
    else tails.push({ token, bytes: bytes.subarray(length) });
  }
  return { pure: Int32Array.from(pure), tails: buildTokenTrie(tails), lines, blanks };
}

function isJsonSpace(byte: number): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x09 || byte === 0x0d;
}
