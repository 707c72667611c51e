import type { RegexNode } from './regex-node.ts';

/** Lengths of the strings of a language, in characters. */
export interface TextLengths {
  readonly min: number;
  readonly max: number;
  /** Whether every length between is there too. */
  readonly gapless: boolean;
}

const known = new WeakMap<RegexNode, TextLengths | null>();

/** Null for the empty language, and where intersections or complements make the lengths hard to tell. */
export function textLengths(node: RegexNode): TextLengths | null {
  if (node.boolean) return null;
  let lengths = known.get(node);
  if (lengths === undefined) {
    lengths = compute(node);
    known.set(node, lengths);
  }
  return lengths;
}

function compute(node: RegexNode): TextLengths | null {
  switch (node.kind) {
    case 'empty':
      return { min: 0, max: 0, gapless: true };
    case 'chars':
      return { min: 1, max: 1, gapless: true };
    case 'concat':
      return add(textLengths(node.first), textLengths(node.rest));
    case 'or':
      return node.parts.map(textLengths).reduce(join);
    case 'repeat':
      return multiply(textLengths(node.part), node.min, node.max);
    default:
      return null;
  }
}

function add(left: TextLengths | null, right: TextLengths | null): TextLengths | null {
  if (left === null || right === null) return null;
  const wide = Math.max(left.max - left.min, right.max - right.min);
  return {
    min: left.min + right.min,
    max: left.max + right.max,
    // A gapless side fills the gaps of the other if it is as wide as any of them could be; only "any" is
    // sure.
    gapless: (left.gapless && right.gapless) || (wide === Infinity && (endsOpen(left) || endsOpen(right))),
  };
}

/** Every length from the least on. */
function endsOpen(lengths: TextLengths): boolean {
  return lengths.gapless && lengths.max === Infinity;
}

function join(left: TextLengths | null, right: TextLengths | null): TextLengths | null {
  if (left === null || right === null) return left ?? right;
  const [low, high] = left.min <= right.min ? [left, right] : [right, left];
  const touches = high.min <= low.max + 1;
  return {
    min: low.min,
    max: Math.max(low.max, high.max),
    gapless: (low.gapless && high.gapless && touches) || (endsOpen(low) && low.min <= high.min),
  };
}

function multiply(once: TextLengths | null, min: number, max: number): TextLengths | null {
  if (once === null) return null;
  // k times gives k*min..k*max; the next k must start no later than one past its end.
  const least = Math.max(min, 1);
  const chains = (least + 1) * once.min <= least * once.max + 1 && (min > 0 || once.min <= 1);
  return {
    min: min * once.min,
    max: once.max === 0 ? 0 : max * once.max,
    gapless: once.gapless && (min === max || chains),
  };
}
