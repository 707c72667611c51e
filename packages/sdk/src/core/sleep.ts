import { AbortedError } from './errors.ts';

/** Waits; throws AbortedError when the signal comes first. */
export function sleep(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(new AbortedError('the call was aborted'));
    const abort = (): void => {
      clearTimeout(timer);
      reject(new AbortedError('the call was aborted'));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, durationMs);
    signal?.addEventListener('abort', abort, { once: true });
  });
}
