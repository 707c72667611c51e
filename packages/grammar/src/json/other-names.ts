import { collectCharSets } from '../regex/derive-regex.ts';
import type { DfaState, RegexEngine } from '../regex/lazy-dfa.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import { partitionChars } from '../text/char-classes.ts';
import type { CharSet } from '../text/char-set.ts';
import { UNPASSABLE } from '../tokens/byte-categories.ts';
import type { WorkBudget } from '../work-budget.ts';
import { gatherReachable } from './reachable-sets.ts';

/** A property name, as far as it is written, seen by the patterns that names are held against. */
export interface NameReading {
  readonly id: number;
  /** Per pattern, 1 where the name as it stands matches: "0110". */
  readonly signature: string;
  /** Signatures the name may still get; null when there are too many ways to tell. */
  reachable(): ReadonlySet<string> | null;
  /** Whether this stays so whatever follows. */
  readonly settled: boolean;
  /** Byte categories whose characters change nothing. */
  steadyCategories(): number;
  step(codePoint: number): NameReading;
  /** Characters of a set, one for each that patterns tell apart. */
  samplesIn(set: CharSet): readonly number[];
}

const ALL_CATEGORIES = ~UNPASSABLE;
/** Ways to go on from one reading that are searched before giving up. */
const SEARCH_MAX = 3_000;

/** Reads names against all patterns at once. */
export function createNameReader(
  engine: RegexEngine,
  patterns: readonly RegexNode[],
  budget: WorkBudget,
): NameReading {
  const sets: CharSet[] = patterns.flatMap(collectCharSets);
  const classes = partitionChars(sets);
  const { samples } = classes;
  const known = new Map<string, NameReading>();
  const reachable = new Map<NameReading, ReadonlySet<string> | null>();
  const readingOf = (states: readonly (DfaState | null)[]): NameReading => {
    const key = states.map((state) => state?.id ?? '').join(',');
    let reading = known.get(key);
    if (reading === undefined) {
      budget.spend(1);
      reading = makeReading(states, known.size);
      known.set(key, reading);
    }
    return reading;
  };
  const searchFrom = (reading: NameReading) => {
    const found = gatherReachable(reading, {
      next: (from) => Array.from(samples, (sample) => from.step(sample)),
      valueOf: (from) => from.signature,
      nodesMax: SEARCH_MAX,
      spend: (units) => budget.spend(units),
    });
    if (found === null) reachable.set(reading, null);
    else for (const [node, signatures] of found) reachable.set(node, signatures);
  };
  const makeReading = (states: readonly (DfaState | null)[], id: number): NameReading => {
    const byClass: (NameReading | undefined)[] = [];
    const reading: NameReading = {
      id,
      signature: states.map((state) => (state?.accepts ? '1' : '0')).join(''),
      settled: states.every((state) => state === null || state.node === engine.pool.all),
      steadyCategories: () =>
        states.reduce(
          (bits, state) => bits & (state === null ? ALL_CATEGORIES : state.steadyCategories),
          ALL_CATEGORIES,
        ),
      reachable() {
        if (!reachable.has(reading)) searchFrom(reading);
        return reachable.get(reading)!;
      },
      step(codePoint) {
        if (reading.settled) return reading;
        const classId = classes.classOf(codePoint);
        byClass[classId] ??= readingOf(states.map((state) => state?.step(codePoint) ?? null));
        return byClass[classId];
      },
      samplesIn: (set) => classes.classesMeeting(set).map((classId) => samples[classId]!),
    };
    return reading;
  };
  return readingOf(patterns.map((pattern) => engine.dfaOf(pattern).start));
}
