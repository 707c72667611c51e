import { AbortedError, ApiError, ConnectionError, FireworksError } from '../core/errors.ts';
import { isRetryableStatus, planRetryDelay } from '../core/retry.ts';
import { sleep } from '../core/sleep.ts';

/** What a caller may say about one upload or download. */
export interface TransferOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called as bytes pass; `doneBytes` counts what was there before, too. */
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  /** Tries without progress before giving up; default 5. */
  readonly triesMax?: number | undefined;
  readonly fetch?: typeof fetch | undefined;
}

/** A file that is where it should be. */
export interface Transferred {
  readonly sizeBytes: number;
  /** CRC-32 of the file here, base64 of four bytes. */
  readonly checksum: string;
  /** Whether the server named the same checksum; false when it names none. */
  readonly isVerified: boolean;
}

/** The file is not what it should be, also after a second try. */
export class ChecksumError extends FireworksError {
  override name = 'ChecksumError';
}

export const checksumHeader = 'x-amz-checksum-crc32';
export const checksumQuestion = { 'x-amz-checksum-mode': 'ENABLED' } as const;

/**
 * Repeats `run` while it fails in ways that may pass: broken connections, busy servers. `run` tells progress
 * to `advance`, which starts the count of tries again. Throws the last error.
 */
export async function repeatTransfer<T>(
  run: (advance: () => void) => Promise<T>,
  { signal, triesMax = 5 }: TransferOptions,
): Promise<T> {
  let attempt = 0;
  const advance = (): void => {
    attempt = 0;
  };
  for (;;) {
    try {
      return await run(advance);
    } catch (error) {
      attempt++;
      if (signal?.aborted === true || attempt >= triesMax || !mayPass(error)) throw error;
      const retryAfter = error instanceof ApiError ? (error.headers?.get('retry-after') ?? null) : null;
      const delayMs = planRetryDelay(attempt, retryAfter, Date.now(), Math.random());
      if (delayMs === null) throw error;
      await sleep(delayMs, signal);
    }
  }
}

/** 409: the connection that broke off is not yet known to be gone. */
function mayPass(error: unknown): boolean {
  if (error instanceof ApiError)
    return error.status !== null && (isRetryableStatus(error.status) || error.status === 409);
  return error instanceof ConnectionError;
}

/**
 * Failures of the connection as ConnectionError, aborts as AbortedError, errors of this package as they are.
 */
export function explainBreak(cause: unknown, what: string, signal: AbortSignal | undefined): FireworksError {
  if (cause instanceof FireworksError) return cause;
  if (signal?.aborted === true) return new AbortedError(`${what} was aborted`, { cause });
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ConnectionError(`${what} broke off: ${reason}`, { cause });
}
