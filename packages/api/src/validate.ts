import type { Static, TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';
import { findProblem } from './find-problem.ts';
import { type Problem, plain } from './problem.ts';

export type CheckResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problem: Problem };

/** Checks values against one schema. */
export interface Checker<T> {
  /** The value itself, typed, or the one thing to tell the caller. Changes nothing in the value. */
  check(value: unknown): CheckResult<T>;
}

/**
 * A checker of a schema; make it once and keep it. Compiles on first use, so that importing the package costs
 * a client nothing. `value` should come from JSON.parse: no undefined, no accessors, no prototype of its own.
 */
export function compileChecker<S extends TSchema>(schema: S): Checker<Static<S>> {
  let compiled: Validator | null = null;
  return {
    check(value) {
      compiled ??= Compile(schema) as unknown as Validator;
      if (compiled.Check(value)) return { ok: true, value: value as Static<S> };
      const problem = findProblem(plain(schema), value);
      // A null here would be a fault of findProblem; a property test looks for one.
      return {
        ok: false,
        problem: problem ?? { field: '', message: 'the request body does not fit the schema' },
      };
    },
  };
}
