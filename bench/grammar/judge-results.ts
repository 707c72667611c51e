import type { BenchCase } from './cases.ts';
import type { SchemaResult } from './measure-schema.ts';

/** Null stands for a process that ended or was ended on a schema. */
export type Outcome =
  | { readonly result: SchemaResult }
  | { readonly result: null; readonly timedOut: boolean };

export interface Score {
  readonly right: number;
  readonly refusesValid: number;
  readonly acceptsInvalid: number;
  readonly crashes: number;
  readonly overSecond: number;
  readonly firstMs: readonly number[];
  readonly maskUs: readonly number[];
}

const LONG_MS = 1000;

/** Counts schemas: right is taken, with every valid instance accepted and every invalid one refused. */
export function scoreOutcomes(cases: readonly BenchCase[], outcomes: readonly Outcome[]): Score {
  const results = outcomes.map(({ result }) => result).filter((result) => result !== null);
  const wrongly = (accepts: boolean) =>
    cases.filter(({ instances }, at) => {
      const result = outcomes[at]!.result;
      if (result === null) return false;
      if (result.refused !== null) return !accepts && instances.some(({ valid }) => valid);
      return instances.some(
        ({ valid }, instance) => valid !== accepts && result.accepted[instance] === accepts,
      );
    });
  const refusing = wrongly(false);
  const accepting = wrongly(true);
  const lost = outcomes.filter(({ result }) => result === null).length;
  return {
    right: cases.length - new Set([...refusing, ...accepting]).size - lost,
    refusesValid: refusing.length,
    acceptsInvalid: accepting.length,
    crashes: outcomes.filter((outcome) => outcome.result === null && !outcome.timedOut).length,
    overSecond: outcomes.filter(({ result }) => result === null || result.totalMs > LONG_MS).length,
    firstMs: results.filter(({ refused }) => refused === null).map(({ firstMs }) => firstMs),
    maskUs: results.flatMap(({ maskUs }) => maskUs),
  };
}

/** The value below which the given part of the values lies. */
export function quantileOf(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
