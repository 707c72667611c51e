import type { CharReader, StringContent } from '../json/string-content.ts';
import { BLANKS_MAX, LINES_MAX } from '../json/white-space.ts';
import type { Gap, State } from '../state.ts';
import { STRING_START } from '../text/json-string-decoder.ts';
import type { FreeStringTokens } from './free-string-tokens.ts';
import { findInsideTokens } from './inside-tokens.ts';
import { createTokenSink, type TokenSink } from './token-sink.ts';
import type { TokenTrie } from './token-trie.ts';
import type { VocabularyIndex } from './vocabulary-index.ts';

/** The tokens a state allows: those set in `base`, shared with other states, and a few more. */
export interface MaskPlan {
  readonly base: Uint32Array | null;
  readonly extras: Int32Array;
}

const QUOTE = 0x22;
/**
 * Beyond this many tokens a plan is stored as bits: setting them one by one would take longer than copying.
 */
const EXTRAS_MAX = 3_000;
/** Subtrees smaller than this are walked; sorting them for reuse would not pay. */
const SUBTREE_MIN = 12;

const sink = createTokenSink();

/** Works out which tokens may follow, once per state. */
export function planMask(index: VocabularyIndex, state: State): MaskPlan {
  const known = state.plan as MaskPlan | null;
  if (known !== null) return known;
  const plan = computePlan(index, state);
  state.plan = plan;
  return plan;
}

function computePlan(index: VocabularyIndex, state: State): MaskPlan {
  sink.take();
  const { content, gap } = state;
  if (content !== null) {
    const plan = planString(index, state, content);
    if (plan !== null) return plan;
  }
  if (gap !== null) walkGap(index, gap, sink);
  else walkTrie(index, index.trie, state, sink);
  return packPlan(index, sink.take());
}

function packPlan(index: VocabularyIndex, tokens: Int32Array): MaskPlan {
  if (tokens.length <= EXTRAS_MAX) return { base: null, extras: tokens };
  const base = new Uint32Array(index.maskWords);
  for (let at = 0; at < tokens.length; at++) base[tokens[at]! >> 5]! |= 1 << (tokens[at]! & 31);
  return { base, extras: new Int32Array(0) };
}

/**
 * Inside a string: tokens that stay in it are known beforehand or per reader; those that leave it are few.
 */
function planString(index: VocabularyIndex, state: State, content: StringContent): MaskPlan | null {
  const { decoder, inside } = content;
  if (inside !== 'free' && 'max' in inside && decoder !== STRING_START) return null;
  const tokens = index.freeString(decoder);
  if (content.close === undefined) walkTrie(index, tokens.crossing, state, sink);
  else walkClosing(index, tokens, content.close, sink);
  const leaving = sink.take();
  if (inside === 'free') return { base: tokens.insideBits, extras: leaving };
  if ('max' in inside) return { base: index.insideUpTo(inside.max), extras: leaving };
  const staying = planInside(index, inside, decoder);
  return { base: staying.base, extras: concatTokens(staying.extras, leaving) };
}

const insidePlans = new WeakMap<CharReader, Map<number, MaskPlan>>();

function planInside(index: VocabularyIndex, reader: CharReader, decoder: number): MaskPlan {
  let byDecoder = insidePlans.get(reader);
  if (byDecoder === undefined) {
    byDecoder = new Map();
    insidePlans.set(reader, byDecoder);
  }
  let plan = byDecoder.get(decoder);
  if (plan === undefined) {
    plan = packPlan(index, findInsideTokens(index.trie, reader, decoder));
    byDecoder.set(decoder, plan);
  }
  return plan;
}

function concatTokens(left: Int32Array, right: Int32Array): Int32Array {
  if (left.length === 0) return right;
  if (right.length === 0) return left;
  const both = new Int32Array(left.length + right.length);
  both.set(left);
  both.set(right, left.length);
  return both;
}

/** Tokens that close a string in which only the number of characters matters. */
function walkClosing(
  index: VocabularyIndex,
  tokens: FreeStringTokens,
  close: (chars: number) => State | null,
  found: TokenSink,
): void {
  const { closing, closingChars, tails, charsMax } = tokens;
  const first = close(0);
  if (first !== null && first === close(charsMax)) {
    found.addAll(closing);
    walkTrie(index, tokens.allTails, first, found);
    return;
  }
  for (let at = 0; at < closing.length; at++) if (close(closingChars[at]!) !== null) found.add(closing[at]!);
  for (const { chars, trie } of tails) {
    const after = close(chars);
    if (after !== null) walkTrie(index, trie, after, found);
  }
}

/** Tokens at a gap: without leading white space, of white space alone, and those that go on after it. */
function walkGap(index: VocabularyIndex, gap: Gap, found: TokenSink): void {
  const { gaps } = index;
  const linesLeft = LINES_MAX - gap.lines;
  const blanksLeft = BLANKS_MAX - gap.blanks;
  const fits = (token: number) => gaps.lines[token]! <= linesLeft && gaps.blanks[token]! <= blanksLeft;
  walkFirstBytes(index, index.trie, gap.base, found);
  for (const token of gaps.pure) if (fits(token)) found.add(token);
  const tails = createTokenSink();
  walkFirstBytes(index, gaps.tails, gap.base, tails);
  for (const token of tails.take()) if (fits(token)) found.add(token);
}

const SPACES = Uint8Array.of(0x20, 0x0a, 0x09, 0x0d);

/** Adds every token of the tree that the state allows. */
function walkTrie(index: VocabularyIndex, trie: TokenTrie, state: State, found: TokenSink): void {
  if (state.firstBytes === null) walkNodes(index, trie, 0, trie.nodeCount, state, found);
  else walkFirstBytes(index, trie, state, found);
  if (state.gap !== null && state.firstBytes !== null) walkRoots(index, trie, SPACES, state, found);
}

/** The same, without white space where the state is a gap. */
function walkFirstBytes(index: VocabularyIndex, trie: TokenTrie, state: State, found: TokenSink): void {
  if (state.firstBytes !== null) walkRoots(index, trie, state.firstBytes, state, found);
}

function walkRoots(
  index: VocabularyIndex,
  trie: TokenTrie,
  roots: Uint8Array,
  state: State,
  found: TokenSink,
): void {
  for (const byte of roots) {
    const node = trie.rootChildren[byte]!;
    if (node >= 0) walkNodes(index, trie, node, trie.skips[node]!, state, found);
  }
}

function walkNodes(
  index: VocabularyIndex,
  trie: TokenTrie,
  first: number,
  end: number,
  start: State,
  found: TokenSink,
): void {
  const { bytes, depths, skips, tokenStarts, tokens } = trie;
  const states: State[] = [start];
  for (let node = first; node < end; ) {
    const depth = depths[node]!;
    const next = states[depth - 1]!.step(bytes[node]!);
    if (next === null) {
      node = skips[node]!;
      continue;
    }
    found.addRange(tokens, tokenStarts[node]!, tokenStarts[node + 1]!);
    const opens = next.content !== null && bytes[node] === QUOTE && trie === index.trie;
    if (opens && skips[node]! - node > SUBTREE_MIN && walkOpened(index, node, next, found)) {
      node = skips[node]!;
      continue;
    }
    states[depth] = next;
    node++;
  }
}

/** Tokens below a node where a string has just been opened; false where its rules need a walk. */
function walkOpened(index: VocabularyIndex, node: number, opened: State, found: TokenSink): boolean {
  const { inside, close } = opened.content!;
  if (inside !== 'free' && !('max' in inside)) return false;
  const below = index.freeStringBelow(node);
  if (inside === 'free') found.addAll(below.inside);
  else {
    for (let at = 0; at < below.inside.length; at++) {
      if (below.insideChars[at]! <= inside.max) found.add(below.inside[at]!);
    }
  }
  if (close === undefined) walkTrie(index, below.crossing, opened, found);
  else walkClosing(index, below, close, found);
  return true;
}
