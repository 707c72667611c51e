import type { CharLoop } from '../json/string-content.ts';
import { type CharClasses, partitionChars } from '../text/char-classes.ts';
import { possibleNeedfulChars, possibleStringChars } from '../text/json-string-decoder.ts';
import { CATEGORY_CHARS } from '../tokens/byte-categories.ts';
import type { WorkBudget } from '../work-budget.ts';
import { collectCharSets, createEmptinessCheck, type EmptinessCheck, RegexDeriver } from './derive-regex.ts';
import { isAlwaysOpen } from './open-text.ts';
import { findLoop } from './regex-loop.ts';
import type { RegexNode } from './regex-node.ts';
import { RegexPool } from './regex-pool.ts';
import { isSpelledOut } from './spelled-out.ts';

/**
 * One state of a lazily built automaton over code points; from every state some accepting one can be reached.
 */
export class DfaState {
  readonly id: number;
  readonly node: RegexNode;
  readonly accepts: boolean;
  private foundLoop: CharLoop | null | undefined;
  private foundSteady: number | undefined;
  private foundOpen: boolean | undefined;
  private readonly dfa: LazyDfa;
  private readonly ascii: (DfaState | null | undefined)[] = new Array(128);
  private readonly byClass: (DfaState | null | undefined)[] = [];
  private readonly partial = new Map<number, boolean>();

  constructor(id: number, node: RegexNode, dfa: LazyDfa) {
    this.id = id;
    this.node = node;
    this.accepts = node.nullable;
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

  /** Whether only a few texts are left, each of which can be told. */
  get isSpelledOut(): boolean {
    return isSpelledOut(this.node);
  }

  /**
   * Whether the character begun in this state of the UTF-8 or JSON string decoder may be completed. Of texts
   * that are spelled out nothing is escaped without need.
   */
  mayTake(decoder: number): boolean {
    let answer = this.partial.get(decoder);
    if (answer === undefined) {
      const set = this.isSpelledOut ? possibleNeedfulChars(decoder) : possibleStringChars(decoder);
      answer = this.dfa.classes.classesMeeting(set).some((id) => this.stepClass(id) !== null);
      this.partial.set(decoder, answer);
    }
    return answer;
  }

  /** Whether any text whatever may follow, if not end there. */
  get isOpen(): boolean {
    this.foundOpen ??= isAlwaysOpen(this.dfa.pool, this.node);
    return this.foundOpen;
  }

  /** Characters that may follow in any order, as found in the automaton or read off the pattern. */
  get loop(): CharLoop | null {
    if (this.foundLoop === undefined) {
      const steady = this.steadyCategories;
      const written = findLoop(this.node);
      const isWider = written !== null && (written.categories & ~steady) !== 0;
      this.foundLoop = isWider ? written : steady === 0 ? null : { categories: steady, steps: Infinity };
    }
    return this.foundLoop;
  }

  /** Categories whose characters lead back to this state. */
  get steadyCategories(): number {
    if (this.foundSteady === undefined) {
      this.foundSteady = 0;
      for (const { bit, classIds } of this.dfa.categoryClasses()) {
        if (classIds.every((classId) => this.stepClass(classId) === this)) this.foundSteady |= bit;
      }
    }
    return this.foundSteady;
  }

  private stepClass(classId: number): DfaState | null {
    let next = this.byClass[classId];
    if (next === undefined) {
      next = this.dfa.derive(this.node, classId);
      this.byClass[classId] = next;
    }
    return next;
  }
}

/** The automaton of one regex, built as it is walked. */
export interface LazyDfa {
  readonly pool: RegexPool;
  readonly classes: CharClasses;
  /** Null when the language is empty. */
  readonly start: DfaState | null;
  derive(node: RegexNode, classId: number): DfaState | null;
  /** Classes that the characters of each byte category fall into. */
  categoryClasses(): readonly { readonly bit: number; readonly classIds: readonly number[] }[];
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
  const deriver = new RegexDeriver(pool, classes);
  const states = new Map<RegexNode, DfaState>();
  const stateOf = (node: RegexNode): DfaState | null => {
    const known = states.get(node);
    if (known !== undefined) return known;
    if (emptiness.isEmpty(node, deriver)) return null;
    if (states.size >= DFA_STATES_MAX) states.clear();
    const state = new DfaState(ids.next++, node, dfa);
    states.set(node, state);
    return state;
  };
  let byCategory: ReturnType<LazyDfa['categoryClasses']> | undefined;
  const dfa: LazyDfa & { start: DfaState | null } = {
    pool,
    classes,
    categoryClasses() {
      byCategory ??= CATEGORY_CHARS.map(({ bit, chars }) => ({
        bit,
        classIds: classes.classesMeeting(chars),
      }));
      return byCategory;
    },
    start: null,
    derive: (node, classId) => stateOf(deriver.derive(node, classId)),
  };
  dfa.start = stateOf(root);
  return dfa;
}
