import type { CharClasses } from '../text/char-classes.ts';
import { type CharSet, charSetHas } from '../text/char-set.ts';
import type { WorkBudget } from '../work-budget.ts';
import type { RegexNode } from './regex-node.ts';
import type { RegexPool } from './regex-pool.ts';
import { textLengths } from './text-lengths.ts';

/**
 * Derivatives by classes of characters, remembered: states of one automaton have most of their parts in
 * common.
 */
export class RegexDeriver {
  readonly classes: CharClasses;
  private readonly pool: RegexPool;
  private readonly known: Map<RegexNode, RegexNode>[];

  constructor(pool: RegexPool, classes: CharClasses) {
    this.pool = pool;
    this.classes = classes;
    this.known = Array.from({ length: classes.count }, () => new Map());
  }

  /** What may follow a character of the class in the language of `node` (Brzozowski's derivative). */
  derive(node: RegexNode, classId: number): RegexNode {
    if (node.kind === 'chars') {
      const { empty, none } = this.pool;
      return charSetHas(node.chars, this.classes.samples[classId]!) ? empty : none;
    }
    let next = this.known[classId]!.get(node);
    if (next === undefined) {
      next = this.compute(node, classId);
      this.known[classId]!.set(node, next);
    }
    return next;
  }

  private compute(node: RegexNode, classId: number): RegexNode {
    const { pool } = this;
    switch (node.kind) {
      case 'concat': {
        const first = pool.concat(this.derive(node.first, classId), node.rest);
        return node.first.nullable ? pool.or([first, this.derive(node.rest, classId)]) : first;
      }
      case 'or':
        return pool.or(node.parts.map((part) => this.derive(part, classId)));
      case 'and':
        return pool.and(node.parts.map((part) => this.derive(part, classId)));
      case 'not':
        return pool.not(this.derive(node.part, classId));
      case 'repeat': {
        const once = this.derive(node.part, classId);
        return pool.concat(once, pool.repeat(node.part, Math.max(0, node.min - 1), node.max - 1));
      }
      default:
        return pool.none;
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
  isEmpty(node: RegexNode, deriver: RegexDeriver): boolean;
}

/**
 * Nodes one search may visit; a language not decided by then counts as not empty, which is safe but may
 * dead-end.
 */
const SEARCH_NODES_MAX = 4_000;

export function createEmptinessCheck(pool: RegexPool, budget: WorkBudget): EmptinessCheck {
  const known = new Map<RegexNode, boolean>();
  return {
    isEmpty(node, deriver) {
      if (node.kind === 'none') return true;
      if (!node.boolean || node.nullable) return false;
      const decided = known.get(node);
      if (decided !== undefined) return decided;
      const answer = isEmptyByLength(pool, node) ?? searchAccepted(deriver, node, known, budget);
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
  deriver: RegexDeriver,
  start: RegexNode,
  known: Map<RegexNode, boolean>,
  budget: WorkBudget,
): boolean {
  const seen = new Set<RegexNode>([start]);
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    for (let classId = 0; classId < deriver.classes.count; classId++) {
      budget.spend(1);
      const next = deriver.derive(queue[at]!, classId);
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
