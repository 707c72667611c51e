import type { State } from '../state.ts';
import type { VocabularyIndex } from './vocabulary-index.ts';

/** Bytes looked ahead at most, so that one call stays short. */
const FORCED_BYTES_MAX = 256;

/**
 * Tokens whose text must come next whatever is sampled: the grammar leaves one byte after another, and no
 * token that starts inside the forced text could lead out of it. Of the ways to cut that text the longest
 * tokens are taken.
 */
export function findForcedTokens(index: VocabularyIndex, state: State): readonly number[] {
  const forced = findForcedBytes(state);
  const tokens: number[] = [];
  for (let at = 0; at < forced.bytes.length; ) {
    const best = longestToken(index, forced.bytes, at, forced.states);
    if (best === null) break;
    tokens.push(best.token);
    at += best.length;
  }
  return tokens;
}

/** The bytes that must come, and the state before each of them and after the last. */
function findForcedBytes(start: State): { bytes: number[]; states: State[] } {
  const bytes: number[] = [];
  const states = [start];
  let state = start;
  while (!state.canEnd && bytes.length < FORCED_BYTES_MAX) {
    const only = onlyByte(state);
    if (only === null) break;
    state = state.step(only)!;
    bytes.push(only);
    states.push(state);
  }
  return { bytes, states };
}

function onlyByte(state: State): number | null {
  if (state.gap !== null) return null;
  let only: number | null = null;
  for (let byte = 0; byte < 256; byte++) {
    if (state.step(byte) === null) continue;
    if (only !== null) return null;
    only = byte;
  }
  return only;
}

/**
 * The longest token inside the forced text, or null if an allowed token starts here and goes beyond its end.
 */
function longestToken(
  index: VocabularyIndex,
  forced: readonly number[],
  from: number,
  states: readonly State[],
): { token: number; length: number } | null {
  const { trie } = index;
  let best: { token: number; length: number } | null = null;
  let first = trie.rootChildren[forced[from]!]!;
  if (first < 0) return null;
  for (let at = from; ; ) {
    if (trie.tokenStarts[first]! < trie.tokenStarts[first + 1]!) {
      best = { token: trie.tokens[trie.tokenStarts[first]!]!, length: at + 1 - from };
    }
    at++;
    if (at === forced.length) break;
    const child = findChild(index, first, forced[at]!);
    if (child < 0) return best;
    first = child;
  }
  return leadsOut(index, first, states[states.length - 1]!) ? null : best;
}

function findChild(index: VocabularyIndex, node: number, byte: number): number {
  const { trie } = index;
  for (let child = node + 1; child < trie.skips[node]!; child = trie.skips[child]!) {
    if (trie.bytes[child] === byte) return child;
  }
  return -1;
}

/** Whether an allowed token goes on below `node` after the forced text. */
function leadsOut(index: VocabularyIndex, node: number, end: State): boolean {
  const { trie } = index;
  const depth = trie.depths[node]!;
  const states: State[] = [end];
  for (let child = node + 1; child < trie.skips[node]!; ) {
    const next = states[trie.depths[child]! - depth - 1]!.step(trie.bytes[child]!);
    if (next === null) {
      child = trie.skips[child]!;
      continue;
    }
    if (trie.tokenStarts[child]! < trie.tokenStarts[child + 1]!) return true;
    states[trie.depths[child]! - depth] = next;
    child++;
  }
  return false;
}
