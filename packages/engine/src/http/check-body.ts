import { type CheckResult, InferenceError } from '@sparkler/api';

/** The body, typed; throws a 400 that names the field. */
export function checkBody<T>(checker: { check(value: unknown): CheckResult<T> }, body: unknown): T {
  const result = checker.check(body);
  if (result.ok) return result.value;
  const { field, message } = result.problem;
  throw new InferenceError(400, message, { param: field === '' ? null : field });
}

/** A 400 about one field. */
export function refuseField(param: string, message: string): InferenceError {
  return new InferenceError(400, message, { param });
}
