import type { NumberClause } from '../number/number-clause.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import type { Formula } from '../schema/formula.ts';
import type { ValueSet } from '../schema/value-set.ts';
import { type ArrayPlan, createArrayPlan } from './array-plan.ts';
import type { JsonWorld, NumberTuple, StringTuple } from './json-world.ts';
import { createObjectPlan, type ObjectPlan } from './object-plan.ts';

/** Which goals a finished value satisfied; never without one of the mains. */
export interface Outcome {
  readonly id: number;
  readonly satisfied: ReadonlySet<number>;
}

/** Formulas that one value is held against, all at once. */
export interface GoalSet {
  readonly id: number;
  readonly formulas: readonly Formula[];
  readonly mains: number;
  readonly values: readonly ValueSet[];
  /** Null when no main goal is among those satisfied. */
  outcome(satisfied: readonly number[]): Outcome | null;
  readonly nulls: Outcome | null;
  readonly trues: Outcome | null;
  readonly falses: Outcome | null;
  readonly stringStart: StringTuple | null;
  readonly numberStart: NumberTuple | null;
  stringOutcome(tuple: StringTuple): Outcome | null;
  /** The same, given which automata of the tuple accept. */
  outcomeOfStrings(accepted: readonly boolean[]): Outcome | null;
  numberOutcome(tuple: NumberTuple): Outcome | null;
  /** Null when no main goal allows an array (an object). */
  arrayPlan(): ArrayPlan | null;
  objectPlan(): ObjectPlan | null;
  /** Bytes a value may start with. */
  readonly firstBytes: Uint8Array;
}

export function createGoalSet(
  world: JsonWorld,
  formulas: readonly Formula[],
  mains: number,
  id: number,
): GoalSet {
  const values = formulas.map((formula) => world.liveness.liveValuesOf(formula));
  const outcomes = new Map<string, Outcome>();
  const outcome = (satisfied: readonly number[]): Outcome | null => {
    if (!satisfied.some((goal) => goal < mains)) return null;
    const key = satisfied.join(',');
    let found = outcomes.get(key);
    if (found === undefined) {
      found = { id: outcomes.size, satisfied: new Set(satisfied) };
      outcomes.set(key, found);
    }
    return found;
  };
  const goalsWhere = (holds: (set: ValueSet) => boolean) =>
    outcome(values.flatMap((set, goal) => (holds(set) ? [goal] : [])));
  const strings = collectTexts(values, (set) => (set.strings.kind === 'none' ? [] : [set.strings]), mains);
  const numbers = collectTexts(values, (set) => set.numbers, mains);
  const stringStart = world.strings.tuple(
    strings.texts.map((node: RegexNode) => world.engine.dfaOf(node).start),
    strings.mains,
  );
  const numberStart = world.numerals.tuple(
    numbers.texts.map((clause: NumberClause) => world.numbers.startOf(clause)),
    numbers.mains,
  );
  let arrays: ArrayPlan | null | undefined;
  let objects: ObjectPlan | null | undefined;
  const goals: Omit<GoalSet, 'firstBytes'> = {
    id,
    formulas,
    mains,
    values,
    outcome,
    nulls: goalsWhere((set) => set.nulls),
    trues: goalsWhere((set) => set.trues),
    falses: goalsWhere((set) => set.falses),
    stringStart,
    numberStart,
    stringOutcome: (tuple) => outcome(strings.goalsOf(tuple.states.map((state) => state?.accepts ?? false))),
    outcomeOfStrings: (accepted) => outcome(strings.goalsOf(accepted)),
    numberOutcome: (tuple) => outcome(numbers.goalsOf(tuple.states.map((state) => state?.accepts ?? false))),
    arrayPlan() {
      if (arrays === undefined) arrays = createArrayPlan(world, this as GoalSet);
      return arrays;
    },
    objectPlan() {
      if (objects === undefined) objects = createObjectPlan(world, this as GoalSet);
      return objects;
    },
  };
  return Object.assign(goals, { firstBytes: firstBytesOf(goals) });
}

/** The distinct texts of all goals, those of main goals first, and which goals each belongs to. */
function collectTexts<T>(
  values: readonly ValueSet[],
  textsOf: (set: ValueSet) => readonly T[],
  mains: number,
): { texts: T[]; mains: number; goalsOf: (accepted: readonly boolean[]) => number[] } {
  const owners = new Map<T, number[]>();
  let mainTexts = 0;
  values.forEach((set, goal) => {
    for (const text of textsOf(set)) {
      const list = owners.get(text);
      if (list === undefined) owners.set(text, [goal]);
      else list.push(goal);
    }
    if (goal < mains) mainTexts = owners.size;
  });
  const lists = [...owners.values()];
  return {
    texts: [...owners.keys()],
    mains: mainTexts,
    goalsOf(accepted) {
      if (lists.length === 1) return accepted[0] ? lists[0]! : [];
      const goals = new Set<number>();
      accepted.forEach((holds, text) => {
        if (holds) for (const goal of lists[text]!) goals.add(goal);
      });
      return [...goals].sort((left, right) => left - right);
    },
  };
}

const DIGITS = [...'0123456789'].map((char) => char.charCodeAt(0));

function firstBytesOf(goals: Omit<GoalSet, 'firstBytes'>): Uint8Array {
  const bytes: number[] = [];
  if (goals.stringStart !== null) bytes.push(0x22);
  if (goals.numberStart !== null) bytes.push(...DIGITS, 0x2d);
  if (goals.nulls !== null) bytes.push(0x6e);
  if (goals.trues !== null) bytes.push(0x74);
  if (goals.falses !== null) bytes.push(0x66);
  const mainValues = goals.values.slice(0, goals.mains);
  if (mainValues.some((set) => set.arrays.length > 0)) bytes.push(0x5b);
  if (mainValues.some((set) => set.objects.length > 0)) bytes.push(0x7b);
  return Uint8Array.from(bytes);
}
