import type { Vocabulary } from '../contract.ts';
import { STRING_START } from '../text/json-string-decoder.ts';
import { type FreeStringTokens, sortFreeStringTokens } from './free-string-tokens.ts';
import { type GapTokens, sortGapTokens } from './gap-tokens.ts';
import { buildTokenTrie, type TokenTrie, type TrieEntry } from './token-trie.ts';

/** A vocabulary made ready for masks: done once per model, about half a second for 128,000 tokens. */
export interface VocabularyIndex {
  readonly size: number;
  /** Words of 32 bits in a mask. */
  readonly maskWords: number;
  readonly endTokens: readonly number[];
  readonly isEnd: ReadonlySet<number>;
  readonly trie: TokenTrie;
  readonly gaps: GapTokens;
  bytesOf(token: number): Uint8Array;
  /** Tokens inside a JSON string whose decoder is in this state. */
  freeString(decoder: number): FreeStringTokens & { readonly insideBits: Uint32Array };
  /** Bits of the tokens that stay inside a JSON string and complete at most so many characters of it. */
  insideUpTo(chars: number): Uint32Array;
  /** Tokens below a node of `trie` at which a JSON string begins. */
  freeStringBelow(node: number): FreeStringTokens;
}

const indexes = new WeakMap<Vocabulary, VocabularyIndex>();

/**
 * Prepares a vocabulary and keeps the result as long as the vocabulary object lives. Calling it at model load
 * keeps the cost out of the first request.
 */
export function prepareVocabulary(vocabulary: Vocabulary): VocabularyIndex {
  let index = indexes.get(vocabulary);
  if (index === undefined) {
    index = buildIndex(vocabulary);
    indexes.set(vocabulary, index);
  }
  return index;
}

function buildIndex(vocabulary: Vocabulary): VocabularyIndex {
  const { size } = vocabulary;
  const endTokens = vocabulary.endTokens.filter((token) => token >= 0 && token < size);
  const isEnd = new Set(endTokens);
  const tokenBytes: Uint8Array[] = [];
  const entries: TrieEntry[] = [];
  for (let token = 0; token < size; token++) {
    const bytes = vocabulary.tokenBytes(token);
    tokenBytes.push(bytes);
    if (bytes.length > 0 && !isEnd.has(token)) entries.push({ token, bytes });
  }
  const trie = buildTokenTrie(entries);
  const maskWords = (size + 31) >> 5;
  const bytesOf = (token: number) => tokenBytes[token]!;
  const whole = { first: 0, end: trie.nodeCount, depth: 0 };
  const byDecoder = new Map<number, FreeStringTokens & { insideBits: Uint32Array }>();
  const byNode = new Map<number, FreeStringTokens>();
  const byLength: Uint32Array[] = [];
  const index: VocabularyIndex = {
    size,
    maskWords,
    endTokens,
    isEnd,
    trie,
    gaps: sortGapTokens(entries, size),
    bytesOf,
    freeString(decoder) {
      let found = byDecoder.get(decoder);
      if (found === undefined) {
        const sorted = sortFreeStringTokens(trie, whole, decoder, bytesOf);
        found = { ...sorted, insideBits: toBits(sorted.inside, maskWords) };
        byDecoder.set(decoder, found);
      }
      return found;
    },
    insideUpTo(chars) {
      const { inside, insideChars, insideBits } = index.freeString(STRING_START);
      if (chars >= trie.depthMax) return insideBits;
      byLength[chars] ??= toBits(
        inside.filter((_, at) => insideChars[at]! <= chars),
        maskWords,
      );
      return byLength[chars];
    },
    freeStringBelow(node) {
      let found = byNode.get(node);
      if (found === undefined) {
        const range = { first: node + 1, end: trie.skips[node]!, depth: trie.depths[node]! };
        found = sortFreeStringTokens(trie, range, STRING_START, bytesOf);
        byNode.set(node, found);
      }
      return found;
    },
  };
  index.freeString(STRING_START);
  return index;
}

function toBits(tokens: Int32Array, words: number): Uint32Array {
  const bits = new Uint32Array(words);
  for (const token of tokens) bits[token >> 5]! |= 1 << (token & 31);
  return bits;
}
