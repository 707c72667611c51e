import { compareDecimals, type Decimal, printDecimal } from './decimal.ts';

export interface NumberBound {
  readonly value: Decimal;
  readonly exclusive: boolean;
}

/** Multiples of unit / 10^places; {1, 0} are the integers. */
export interface NumberStep {
  readonly unit: bigint;
  readonly places: number;
}

/** Numbers that satisfy all of these. */
export interface NumberClause {
  readonly key: string;
  readonly min: NumberBound | null;
  readonly max: NumberBound | null;
  readonly steps: readonly NumberStep[];
  readonly notSteps: readonly NumberStep[];
}

export const INTEGER_STEP: NumberStep = { unit: 1n, places: 0 };

export function numberClause(parts: Partial<Omit<NumberClause, 'key'>>): NumberClause {
  const { min = null, max = null } = parts;
  const steps = sortSteps(parts.steps ?? []);
  const notSteps = sortSteps(parts.notSteps ?? []);
  const key = [printBound(min), printBound(max), printSteps(steps), printSteps(notSteps)].join('|');
  return { key, min, max, steps, notSteps };
}

export const ANY_NUMBER: NumberClause = numberClause({});

/** Numbers in both clauses, or null when the bounds or steps plainly exclude each other. */
export function intersectNumbers(left: NumberClause, right: NumberClause): NumberClause | null {
  if (left === right || right.key === ANY_NUMBER.key) return left;
  if (left.key === ANY_NUMBER.key) return right;
  const min = tighter(left.min, right.min, 1);
  const max = tighter(left.max, right.max, -1);
  if (min !== null && max !== null) {
    const order = compareDecimals(min.value, max.value);
    if (order > 0 || (order === 0 && (min.exclusive || max.exclusive))) return null;
  }
  const clause = numberClause({
    min,
    max,
    steps: [...left.steps, ...right.steps],
    notSteps: [...left.notSteps, ...right.notSteps],
  });
  const clash = clause.notSteps.some((no) =>
    clause.steps.some((yes) => yes.unit === no.unit && yes.places === no.places),
  );
  return clash ? null : clause;
}

/** Clauses whose union is everything outside of `clause`. */
export function negateNumber(clause: NumberClause): NumberClause[] {
  const negated: NumberClause[] = [];
  if (clause.min !== null) negated.push(numberClause({ max: flip(clause.min) }));
  if (clause.max !== null) negated.push(numberClause({ min: flip(clause.max) }));
  for (const step of clause.steps) negated.push(numberClause({ notSteps: [step] }));
  for (const step of clause.notSteps) negated.push(numberClause({ steps: [step] }));
  return negated;
}

/** The step whose multiples are the multiples of all; none for no steps. */
export function mergeSteps(steps: readonly NumberStep[]): readonly NumberStep[] {
  if (steps.length < 2) return steps;
  let places = Math.max(...steps.map((step) => step.places));
  let unit = 1n;
  for (const step of steps) {
    const scaled = step.unit * 10n ** BigInt(places - step.places);
    unit = (unit / greatestDivisor(unit, scaled)) * scaled;
  }
  for (; places > 0 && unit % 10n === 0n; places--) unit /= 10n;
  return [{ unit, places }];
}

function greatestDivisor(left: bigint, right: bigint): bigint {
  return right === 0n ? left : greatestDivisor(right, left % right);
}

function flip(bound: NumberBound): NumberBound {
  return { value: bound.value, exclusive: !bound.exclusive };
}

function tighter(left: NumberBound | null, right: NumberBound | null, sign: number): NumberBound | null {
  if (left === null || right === null) return left ?? right;
  const order = compareDecimals(left.value, right.value) * sign;
  if (order !== 0) return order > 0 ? left : right;
  return left.exclusive ? left : right;
}

function sortSteps(steps: readonly NumberStep[]): NumberStep[] {
  const byKey = new Map(steps.map((step) => [`${step.unit}/${step.places}`, step]));
  return [...byKey].sort(([left], [right]) => (left < right ? -1 : 1)).map(([, step]) => step);
}

function printBound(bound: NumberBound | null): string {
  return bound === null ? '' : `${bound.exclusive ? '!' : ''}${printDecimal(bound.value)}`;
}

function printSteps(steps: readonly NumberStep[]): string {
  return steps.map(({ unit, places }) => `${unit}/${places}`).join(',');
}
