import { collectCharSets } from '../regex/derive-regex.ts';
import type { DfaState, RegexEngine } from '../regex/lazy-dfa.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import { partitionChars } from '../text/char-classes.ts';
import type { CharSet } from '../text/char-set.ts';
import type { WorkBudget } from '../work-budget.ts';

/** A property name, as far as it is written, seen by the patterns that names are held against. */
export interface NameReading {
  readonly id: number;
  /** Per pattern, 1 where the name as it stands matches: "0110". */
  readonly signature: string;
  /** Signatures the name may still get; null when there are too many ways to tell. */
  reachable(): ReadonlySet<string> | null;
  /** Whether this stays so whatever follows. */
  readonly settled: boolean;
  step(codePoint: number): NameReading;
  /** Characters of a set, one for each that patterns tell apart. */
  samplesIn(set: CharSet): readonly number[];
}

/** Ways to go on from one reading that are searched before giving up. */
const SEARCH_MAX = 1_500;

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
  const makeReading = (states: readonly (DfaState | null)[], id: number): NameReading => {
    const next = new Map<number, NameReading>();
    let found: ReadonlySet<string> | null | undefined;
    const reading: NameReading = {
      id,
      signature: states.map((state) => (state?.accepts ? '1' : '0')).join(''),
      settled: states.every((state) => state === null || state.node === engine.pool.all),
      reachable() {
        if (found === undefined) found = searchSignatures(reading, samples, budget);
        return found;
      },
      step(codePoint) {
        if (reading.settled) return reading;
        let after = next.get(codePoint);
        if (after === undefined) {
          after = readingOf(states.map((state) => state?.step(codePoint) ?? null));
          if (codePoint < 128) next.set(codePoint, after);
        }
        return after;
      },
      samplesIn: (set) => classes.classesMeeting(set).map((id) => samples[id]!),
    };
    return reading;
  };
  return readingOf(patterns.map((pattern) => engine.dfaOf(pattern).start));
}

function searchSignatures(
  start: NameReading,
  samples: Int32Array,
  budget: WorkBudget,
): ReadonlySet<string> | null {
  const signatures = new Set<string>();
  const seen = new Set<NameReading>([start]);
  const queue = [start];
  for (let at = 0; at < queue.length; at++) {
    signatures.add(queue[at]!.signature);
    budget.spend(1);
    for (const sample of samples) {
      const next = queue[at]!.step(sample);
      if (seen.has(next)) continue;
      if (seen.size >= SEARCH_MAX) return null;
      seen.add(next);
      queue.push(next);
    }
  }
  return signatures;
}
