import { AbortedError, FireworksError, NotFoundError, TimeoutError } from '../core/errors.ts';
import { sleep } from '../core/sleep.ts';

/** What waiting looks at: every resource with a state has these. */
export interface Stateful {
  readonly name: string;
  readonly state?: string;
  readonly status?: { readonly code?: string; readonly message?: string } | null;
}

export interface WaitOptions<T> {
  /** Milliseconds between two looks; default 500. */
  readonly intervalMs?: number;
  /** Default: no limit. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Called with each look. */
  readonly onLook?: (current: T) => void;
}

/** The resource came to rest in a state that is not good; the message has the server's reason. */
export class WaitFailedError extends FireworksError {
  override name = 'WaitFailedError';
}

const goodStates: ReadonlySet<string> = new Set([
  'READY',
  'ACTIVE',
  'DEPLOYED',
  'COMPLETED',
  'JOB_STATE_COMPLETED',
  'JOB_STATE_EARLY_STOPPED',
]);

/** UNDEPLOYING: an addon that could not be loaded; its status says why. */
const badState =
  /^(FAILED|DELETED|DELETING|BUILD_FAILED|UNDEPLOYING|JOB_STATE_(FAILED|CANCELLED|PAUSED|EXPIRED))$/;

/**
 * Looks at a resource until nothing more happens by itself, and returns it:
 *
 *   await waitUntilReady(() => client.deployments.get('mine'));
 *
 * Throws WaitFailedError with the server's reason when it ends badly, TimeoutError after `timeoutMs`.
 */
export async function waitUntilReady<T extends Stateful>(
  get: () => Promise<T>,
  options: WaitOptions<T> = {},
): Promise<T> {
  return lookUntil(get, options, (current) => {
    const { name, state = '', status } = current;
    // A model that could not be filled stays as it was; its status says why.
    const isStuck = state === 'UPLOADING' && (status?.code ?? 'OK') !== 'OK';
    if (!badState.test(state) && !isStuck) return goodStates.has(state);
    throw new WaitFailedError([`${name} is ${state}`, status?.message].filter(Boolean).join(': '));
  });
}

/** Looks at a deleted resource until it is gone or, when it can be undeleted, DELETED. */
export async function waitUntilGone<T extends Stateful>(
  get: () => Promise<T>,
  options: WaitOptions<T> = {},
): Promise<void> {
  await lookUntil(get, options, ({ state }) => state === 'DELETED').catch((error: unknown) => {
    if (!(error instanceof NotFoundError)) throw error;
  });
}

async function lookUntil<T extends Stateful>(
  get: () => Promise<T>,
  { intervalMs = 500, timeoutMs = Number.POSITIVE_INFINITY, signal, onLook }: WaitOptions<T>,
  isOver: (current: T) => boolean,
): Promise<T> {
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    if (signal?.aborted === true) throw new AbortedError('the wait was aborted');
    const current = await get();
    onLook?.(current);
    if (isOver(current)) return current;
    if (Date.now() + intervalMs > endMs)
      throw new TimeoutError(`${current.name} is still ${current.state ?? ''} after ${timeoutMs} ms`);
    await sleep(intervalMs, signal);
  }
}
