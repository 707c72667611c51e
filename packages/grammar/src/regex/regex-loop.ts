import type { CharLoop } from '../json/string-content.ts';
import { categoriesWithin } from '../tokens/byte-categories.ts';
import type { RegexNode } from './regex-node.ts';

interface LoopFacts extends CharLoop {
  /** Whether the text may end after each of the steps. */
  readonly accepting: boolean;
}

/** Characters that may follow in any order, and how many: what lets whole families of tokens pass unread. */
export function findLoop(node: RegexNode): CharLoop | null {
  return loopOf(node);
}

function loopOf(node: RegexNode): LoopFacts | null {
  switch (node.kind) {
    case 'repeat':
      if (node.part.kind !== 'chars') return null;
      return {
        categories: categoriesWithin(node.part.chars),
        steps: node.max,
        accepting: node.min <= 1,
      };
    case 'concat': {
      const loop = loopOf(node.first);
      if (loop === null || node.boolean) return null;
      return { ...loop, accepting: loop.accepting && node.rest.nullable };
    }
    case 'or':
      return node.parts.map(loopOf).reduce(wider, null);
    case 'and':
      return node.parts.map(loopOf).reduce(both);
    default:
      return null;
  }
}

function wider(left: LoopFacts | null, right: LoopFacts | null): LoopFacts | null {
  if (left === null || right === null) return left ?? right;
  return countBits(right.categories) > countBits(left.categories) ? right : left;
}

/**
 * Both hold as long as the text may end at every step: then neither waits for something the other forbids.
 */
function both(left: LoopFacts | null, right: LoopFacts | null): LoopFacts | null {
  if (left === null || right === null || !left.accepting || !right.accepting) return null;
  return {
    categories: left.categories & right.categories,
    steps: Math.min(left.steps, right.steps),
    accepting: true,
  };
}

function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
