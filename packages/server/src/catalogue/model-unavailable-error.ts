/** One source that was tried and what became of it. */
export interface SourceAttempt {
  readonly source: string;
  readonly error: string;
}

/** No source had the model. The message lists each with its error and what to do. */
export class ModelUnavailableError extends Error {
  override readonly name = 'ModelUnavailableError';
  readonly model: string;
  readonly attempts: readonly SourceAttempt[];

  constructor(model: string, attempts: readonly SourceAttempt[], advice: string) {
    const lines = attempts.map(({ source, error }) => `  - ${source}: ${error}`);
    super(`No source had the model ${model}:\n${lines.join('\n')}\n${advice}`);
    this.model = model;
    this.attempts = attempts;
  }
}

/** One source can't give the file; the next is tried. The message says what to do about this one. */
export class SourceError extends Error {
  override readonly name = 'SourceError';
}

/** The network failed on the way to a source: worth another try once bytes have flowed. */
export class ConnectionError extends SourceError {}

/** Trying another source can't help: no disk space, no right to write, or stopped by the caller. */
export class FetchStoppedError extends Error {
  override readonly name = 'FetchStoppedError';
}
