import { STRING_CLOSED, STRING_EMIT, STRING_START, stepJsonString } from '../text/json-string-decoder.ts';
import { buildTokenTrie, type TokenTrie, type TrieEntry } from './token-trie.ts';

/** How the tokens below a trie node behave inside a JSON string without further rules. */
export interface FreeStringTokens {
  /** Tokens that stay inside the string. */
  readonly inside: Int32Array;
  /** Whole characters each of `inside` completes. */
  readonly insideChars: Uint16Array;
  /** Tokens whose last byte is the closing quote, and the characters before it. */
  readonly closing: Int32Array;
  readonly closingChars: Uint16Array;
  /**
   * Tokens that go on after the closing quote, as a tree of what follows it, by the characters before the
   * quote.
   */
  readonly tails: readonly { readonly chars: number; readonly trie: TokenTrie }[];
  /** All of `tails` in one tree, for strings of any length. */
  readonly allTails: TokenTrie;
  /** Tokens with a closing quote, whole. */
  readonly crossing: TokenTrie;
  /** The most characters any token has before its closing quote. */
  readonly charsMax: number;
}

/**
 * Sorts the tokens of a subtree, read from `decoder` on. `bytesOf` gives whole tokens; the subtree's own
 * depth is where the string begins.
 */
export function sortFreeStringTokens(
  trie: TokenTrie,
  range: { readonly first: number; readonly end: number; readonly depth: number },
  decoder: number,
  bytesOf: (token: number) => Uint8Array,
): FreeStringTokens {
  const inside: number[] = [];
  const insideChars: number[] = [];
  const closing: number[] = [];
  const closingChars: number[] = [];
  const tails: (TrieEntry & { chars: number })[] = [];
  const crossing: TrieEntry[] = [];
  const decoders = new Int32Array(trie.depthMax + 1);
  const chars = new Uint16Array(trie.depthMax + 1);
  decoders[range.depth] = decoder;
  for (let node = range.first; node < range.end; ) {
    const depth = trie.depths[node]!;
    const next = stepJsonString(decoders[depth - 1]!, trie.bytes[node]!);
    if (next === STRING_CLOSED) {
      const count = chars[depth - 1]!;
      for (let at = trie.tokenStarts[node]!; at < trie.tokenStarts[node + 1]!; at++) {
        const token = trie.tokens[at]!;
        closing.push(token);
        closingChars.push(count);
        crossing.push({ token, bytes: bytesOf(token).subarray(range.depth) });
      }
      for (let at = trie.tokenStarts[node + 1]!; at < trie.tokenStarts[trie.skips[node]!]!; at++) {
        const token = trie.tokens[at]!;
        tails.push({ token, bytes: bytesOf(token).subarray(depth), chars: count });
        crossing.push({ token, bytes: bytesOf(token).subarray(range.depth) });
      }
    }
    if (next < 0) {
      node = trie.skips[node]!;
      continue;
    }
    decoders[depth] = next >= STRING_EMIT ? STRING_START : next;
    chars[depth] = chars[depth - 1]! + (next >= STRING_EMIT ? 1 : 0);
    for (let at = trie.tokenStarts[node]!; at < trie.tokenStarts[node + 1]!; at++) {
      inside.push(trie.tokens[at]!);
      insideChars.push(chars[depth]!);
    }
    node++;
  }
  return {
    inside: Int32Array.from(inside),
    insideChars: Uint16Array.from(insideChars),
    closing: Int32Array.from(closing),
    closingChars: Uint16Array.from(closingChars),
    tails: groupByChars(tails),
    allTails: buildTokenTrie(tails),
    crossing: buildTokenTrie(crossing),
    charsMax: Math.max(0, ...closingChars, ...tails.map((tail) => tail.chars)),
  };
}

function groupByChars(tails: readonly (TrieEntry & { chars: number })[]): FreeStringTokens['tails'] {
  const groups = new Map<number, TrieEntry[]>();
  for (const tail of tails) {
    const group = groups.get(tail.chars);
    if (group === undefined) groups.set(tail.chars, [tail]);
    else group.push(tail);
  }
  return [...groups]
    .map(([chars, entries]) => ({ chars, trie: buildTokenTrie(entries) }))
    .sort((left, right) => left.chars - right.chars);
}
