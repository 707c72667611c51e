import { type CharSet, charSetHas } from '../text/char-set.ts';
import type { WorkBudget } from '../work-budget.ts';
import type { RegexNode } from './regex-node.ts';
import type { RegexPool } from './regex-pool.ts';
import { textLengths } from './text-lengths.ts';

/** What may follow `codePoint` in the language of `node` (Brzozowski's derivative). */
export function deriveRegex(pool: RegexPool, node: RegexNode, codePoint: number): RegexNode {
  switch (node.kind) {
    case 'none':
    case 'empty':
      return pool.none;
    case 'chars':
      return charSetHas(node.chars, codePoint) ? pool.empty : pool.none;
    case 'concat': {
      const first = pool.concat(deriveRegex(pool, node.first, codePoint), node.rest);
      if (!node.first.nullable) return first;
      return pool.or([first, deriveRegex(pool, node.rest, codePoint)]);
    }
    case 'or':
      return pool.or(node.parts.map((part) => deriveRegex(pool, part, codePoint)));
    case 'and':
      return pool.and(node.parts.map((part) => deriveRegex(pool, part, codePoint)));
    case 'not':
      return pool.not(deriveRegex(pool, node.part, codePoint));
    case 'repeat': {
      const next = deriveRegex(pool, node.part, codePoint);
      return pool.concat(next, pool.repeat(node.part, Math.max(0, node.min - 1), node.max - 1));
    }
  }
}

/** The character sets a node tests, each once. */
export function collectCharSets(root: RegexNode): CharSet[] {
  const seen = new Set<RegexNode>();
  const sets: CharSet[] = [];
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.kind === 'chars') sets.push(node.chars);
    else if (node.kind === 'concat') pending.push(node.first, node.rest);
    else if (node.kind === 'or' || node.kind === 'and') pending.push(...node.parts);
    else if (node.kind === 'not' || node.kind === 'repeat') pending.push(node.part);
  }
  return sets;
}

/**
 * Decides whether a language is empty; a search is needed only where intersections or complements are inside.
 */
export interface EmptinessCheck {
  isEmpty(node: RegexNode, samples: Int32Array): boolean;
}

/**
 * Nodes one search may visit; a language not decided by then counts as not empty, which is safe but may
 * dead-end.
 */
const SEARCH_NODES_MAX = 4_000;

export function createEmptinessCheck(pool: RegexPool, budget: WorkBudget): EmptinessCheck {
  const known = new Map<RegexNode, boolean>();
  return {
    isEmpty(node, samples) {
      if (node.kind === 'none') return true;
      if (!node.boolean || node.nullable) return false;
      const decided = known.get(node);
      if (decided !== undefined) return decided;
      const answer = isEmptyByLength(pool, node) ?? searchAccepted(pool, node, samples, known, budget);
      known.set(node, answer);
      return answer;
    },
  };
}

/**
 * Decides the usual intersection, one pattern with a length, from the lengths the pattern has. Undefined
 * where that does not tell.
 */
function isEmptyByLength(pool: RegexPool, node: RegexNode): boolean | undefined {
  if (node.kind !== 'and' || node.parts.length !== 2) return undefined;
  const isLength = (part: RegexNode) => part.kind === 'repeat' && part.part === pool.anyChar;
  const bounds = node.parts.find(isLength);
  const pattern = node.parts.find((part) => !isLength(part));
  const lengths = pattern === undefined ? null : textLengths(pattern);
  if (bounds?.kind !== 'repeat' || lengths === null) return undefined;
  if (lengths.min > bounds.max || lengths.max < bounds.min) return true;
  return lengths.gapless ? false : undefined;
}

function searchAccepted(
  pool: RegexPool,
  start: RegexNode,
  samples: Int32Array,
  known: Map<RegexNode, boolean>,
  budget: WorkBudget,
): boolean {
  const seen = new Set<RegexNode>([start]);
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    for (const sample of samples) {
      budget.spend(1);
      const next = deriveRegex(pool, queue[at]!, sample);
      if (seen.has(next) || known.get(next) === true) continue;
      if (next.nullable || known.get(next) === false) return false;
      if (!next.boolean && next.kind !== 'none') return false;
      if (seen.size >= SEARCH_NODES_MAX) return false;
      seen.add(next);
      if (next.kind !== 'none') queue.push(next);
    }
  }
  for (const node of seen) known.set(node, true);
  return true;
}
