import type { CharLoop } from '../json/string-content.ts';
import { type CharClasses, partitionChars } from '../text/char-classes.ts';
import type { CharSet } from '../text/char-set.ts';
import type { WorkBudget } from '../work-budget.ts';
import { collectCharSets, createEmptinessCheck, deriveRegex, type EmptinessCheck } from './derive-regex.ts';
import { findLoop } from './regex-loop.ts';
import type { RegexNode } from './regex-node.ts';
import { RegexPool } from './regex-pool.ts';

/**
 * One state of a lazily built automaton over code points; from every state some accepting one can be reached.
 */
export class DfaState {
  readonly id: number;
  readonly node: RegexNode;
  readonly accepts: boolean;
  readonly loop: CharLoop | null;
  private readonly dfa: LazyDfa;
  private readonly ascii: (DfaState | null | undefined)[] = new Array(128);
  private readonly byClass: (DfaState | null | undefined)[] = [];
  private readonly partial = new Map<number, boolean>();

  constructor(id: number, node: RegexNode, dfa: LazyDfa) {
    this.id = id;
    this.node = node;
    this.accepts = node.nullable;
    this.loop = findLoop(node);
    this.dfa = dfa;
  }

  /** The state after `codePoint`, or null when nothing accepted starts so. */
  step(codePoint: number): DfaState | null {
    if (codePoint < 128) {
      const known = this.ascii[codePoint];
      if (known !== undefined) return known;
      const next = this.stepClass(this.dfa.classes.classOf(codePoint));
      this.ascii[codePoint] = next;
      return next;
    }
    return this.stepClass(this.dfa.classes.classOf(codePoint));
  }

  /** Whether some character of the set may follow. `key` names the set, for reuse. */
  mayTake(key: number, set: CharSet): boolean {
    let answer = this.partial.get(key);
    if (answer === undefined) {
      answer = this.dfa.classes.classesMeeting(set).some((id) => this.stepClass(id) !== null);
      this.partial.set(key, answer);
    }
    return answer;
  }

  private stepClass(classId: number): DfaState | null {
    let next = this.byClass[classId];
    if (next === undefined) {
      next = this.dfa.derive(this.node, this.dfa.classes.samples[classId]!);
      this.byClass[classId] = next;
    }
    return next;
  }
}

/** The automaton of one regex, built as it is walked. */
export interface LazyDfa {
  readonly classes: CharClasses;
  /** Null when the language is empty. */
  readonly start: DfaState | null;
  derive(node: RegexNode, codePoint: number): DfaState | null;
}

/** Regexes of one grammar and their automata. */
export interface RegexEngine {
  readonly pool: RegexPool;
  dfaOf(node: RegexNode): LazyDfa;
  isEmpty(node: RegexNode): boolean;
}

/** Beyond this many states an automaton forgets the ones it has and goes on. */
const DFA_STATES_MAX = 20_000;

export function createRegexEngine(budget: WorkBudget): RegexEngine {
  const pool = new RegexPool(budget);
  const emptiness = createEmptinessCheck(pool, budget);
  const dfas = new Map<RegexNode, LazyDfa>();
  const ids = { next: 0 };
  const dfaOf = (node: RegexNode) => {
    let dfa = dfas.get(node);
    if (dfa === undefined) {
      dfa = createLazyDfa(pool, emptiness, node, ids);
      dfas.set(node, dfa);
    }
    return dfa;
  };
  return { pool, dfaOf, isEmpty: (node) => (node.boolean ? dfaOf(node).start === null : node === pool.none) };
}

function createLazyDfa(
  pool: RegexPool,
  emptiness: EmptinessCheck,
  root: RegexNode,
  ids: { next: number },
): LazyDfa {
  const classes = partitionChars(collectCharSets(root));
  const states = new Map<RegexNode, DfaState>();
  const stateOf = (node: RegexNode): DfaState | null => {
    const known = states.get(node);
    if (known !== undefined) return known;
    if (emptiness.isEmpty(node, classes.samples)) return null;
    if (states.size >= DFA_STATES_MAX) states.clear();
    const state = new DfaState(ids.next++, node, dfa);
    states.set(node, state);
    return state;
  };
  const dfa: LazyDfa & { start: DfaState | null } = {
    classes,
    start: null,
    derive: (node, codePoint) => stateOf(deriveRegex(pool, node, codePoint)),
  };
  dfa.start = stateOf(root);
  return dfa;
}
