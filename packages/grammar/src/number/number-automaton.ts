import type { WorkBudget } from '../work-budget.ts';
import type { NumberClause } from './number-clause.ts';
import { canReachMultiple } from './number-reach.ts';
import {
  extendNumber,
  isHopeless,
  isWholeNumber,
  type NumberRules,
  type NumberText,
  rulesOf,
  START_TEXT,
} from './number-text.ts';

/** A number being read; from every state a number of the clause can still be reached. */
export interface NumberState {
  readonly id: number;
  readonly accepts: boolean;
  step(byte: number): NumberState | null;
}

/** Automata over the text of JSON numbers, one per clause, built as they are walked. */
export interface NumberEngine {
  /** Null when no number satisfies the clause. */
  startOf(clause: NumberClause): NumberState | null;
}

const NUMBER_CHARS = '0123456789.-eE+';
const CHAR_INDEXES = new Map([...NUMBER_CHARS].map((char, index) => [char.charCodeAt(0), index]));

interface Node extends NumberState {
  readonly text: NumberText;
  readonly next: (Node | null | undefined)[];
  live: boolean | null;
}

export function createNumberEngine(budget: WorkBudget): NumberEngine {
  const starts = new Map<string, NumberState | null>();
  const ids = { next: 0 };
  return {
    startOf(clause) {
      let start = starts.get(clause.key);
      if (start === undefined) {
        start = createAutomaton(rulesOf(clause), ids, budget);
        starts.set(clause.key, start);
      }
      return start;
    },
  };
}

function createAutomaton(rules: NumberRules, ids: { next: number }, budget: WorkBudget): NumberState | null {
  const nodes = new Map<string, Node>();
  const nodeOf = (text: NumberText): Node => {
    const key = keyOf(rules, text);
    let node = nodes.get(key);
    if (node === undefined) {
      budget.spend(1);
      node = makeNode(text);
      nodes.set(key, node);
    }
    return node;
  };
  const makeNode = (text: NumberText): Node => {
    const accepts = isWholeNumber(rules, text);
    const node: Node = {
      id: ids.next++,
      text,
      accepts,
      next: new Array(NUMBER_CHARS.length),
      live: accepts ? true : null,
      step(byte) {
        const index = CHAR_INDEXES.get(byte);
        if (index === undefined) return null;
        const next = follow(node, index);
        return next !== null && isLive(next) ? next : null;
      },
    };
    return node;
  };
  const follow = (node: Node, index: number): Node | null => {
    let next = node.next[index];
    if (next === undefined) {
      const text = extendNumber(rules, node.text, NUMBER_CHARS[index]!);
      next = text === null || isHopeless(rules, text) ? null : nodeOf(text);
      node.next[index] = next;
    }
    return next;
  };
  // Every character lengthens the number and lengths are bounded, so the search has no cycles.
  const isLive = (node: Node): boolean => {
    if (node.live === null) {
      budget.spend(1);
      node.live = rules.oneStep && canReachMultiple(rules, node.text);
      if (rules.oneStep) return node.live;
      for (let index = 0; index < NUMBER_CHARS.length && !node.live; index++) {
        const next = follow(node, index);
        if (next !== null && isLive(next)) node.live = true;
      }
    }
    return node.live;
  };
  const start = nodeOf(START_TEXT);
  return isLive(start) ? start : null;
}

function keyOf(rules: NumberRules, text: NumberText): string {
  const { phase } = text;
  const base = `${phase}${text.negative ? '-' : ''}${text.nonZero ? '' : '0'}`;
  const numbers = `${text.orders.join(',')};${text.remainders.join(',')};${text.significant}`;
  if (phase === 'e' || phase === 'sign' || phase === 'power') {
    return `${base};${numbers};${text.powerNegative}${text.power},${text.powerDigits}`;
  }
  if (phase === 'fraction') return `${base};${numbers};${text.fractionDigits}`;
  return `${base};${numbers};${Math.min(text.wholeDigits, rules.wholeMax)}`;
}
