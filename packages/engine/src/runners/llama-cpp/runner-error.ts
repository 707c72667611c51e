/**
 * The runner was asked for something impossible; the message says what, with which values, and what is
 * allowed.
 */
export class RunnerError extends Error {
  override readonly name = 'RunnerError';
}
