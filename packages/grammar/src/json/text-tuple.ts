import type { CharLoop, CharReader } from './string-content.ts';

interface TextState {
  readonly id: number;
  readonly loop?: CharLoop | null;
  /** Whether only a few known texts are left. */
  readonly isSpelledOut?: boolean;
  mayTake?(decoder: number): boolean;
}

/** Automata that read the same text side by side, each with its state or null once it has failed. */
export interface TextTuple<S> extends CharReader {
  readonly id: number;
  readonly states: readonly (S | null)[];
  readonly mains: number;
  /** The tuple after one more character; null when none of the first `mains` automata is left. */
  step(char: number): TextTuple<S> | null;
  stepEscaped(char: number): TextTuple<S> | null;
}

export interface TupleTable<S> {
  /** Null when none of the first `mains` states is there. */
  tuple(states: readonly (S | null)[], mains: number): TextTuple<S> | null;
}

export function createTupleTable<S extends TextState>(
  stepState: (state: S, char: number) => S | null,
): TupleTable<S> {
  const known = new Map<string, TextTuple<S>>();
  const table: TupleTable<S> = {
    tuple(states, mains) {
      if (!states.some((state, index) => index < mains && state !== null)) return null;
      const key = `${mains}:${states.map((state) => state?.id ?? '').join(',')}`;
      let found = known.get(key);
      if (found === undefined) {
        found = makeTuple(table, stepState, states, mains, known.size);
        known.set(key, found);
      }
      return found;
    },
  };
  return table;
}

function makeTuple<S extends TextState>(
  table: TupleTable<S>,
  stepState: (state: S, char: number) => S | null,
  states: readonly (S | null)[],
  mains: number,
  id: number,
): TextTuple<S> {
  const ascii: (TextTuple<S> | null | undefined)[] = new Array(128);
  const compute = (char: number) => {
    const next = states.map((state) => (state === null ? null : stepState(state, char)));
    return next.length === 1 && next[0] === states[0] ? tuple : table.tuple(next, mains);
  };
  const tuple: TextTuple<S> = {
    id,
    states,
    mains,
    get loop() {
      // A loop of one automaton keeps the tuple going, whatever becomes of the others.
      return states[0]?.loop ?? null;
    },
    mayTake: (decoder) => states.some((state, index) => index < mains && state?.mayTake?.(decoder)),
    step(char) {
      if (char >= 128) return compute(char);
      const known = ascii[char];
      if (known !== undefined) return known;
      const next = compute(char);
      ascii[char] = next;
      return next;
    },
    stepEscaped(char) {
      const isTaken = states.some(
        (state, index) => index < mains && state && !state.isSpelledOut && stepState(state, char) !== null,
      );
      return isTaken ? tuple.step(char) : null;
    },
  };
  return tuple;
}
