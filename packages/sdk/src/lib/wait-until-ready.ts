import { AbortedError, FireworksError, TimeoutError } from '../core/errors.ts';

/** What waiting looks at: every resource with a state has these. */
export interface Stateful {
  readonly name: string;
  readonly state?: string;
  readonly status?: { readonly message?: string } | null;
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
 * Throws FireworksError with the server's reason when it ends badly, TimeoutError after `timeoutMs`.
 */
export async function waitUntilReady<T extends Stateful>(
  get: () => Promise<T>,
  options: WaitOptions<T> = {},
): Promise<T> {
  const { intervalMs = 500, timeoutMs = Number.POSITIVE_INFINITY, signal, onLook } = options;
  const endMs = Date.now() + timeoutMs;
  for (;;) {
    if (signal?.aborted === true) throw new AbortedError('the wait was aborted');
    const current = await get();
    onLook?.(current);
    const { name, state = '', status } = current;
    if (goodStates.has(state)) return current;
    if (badState.test(state)) {
      throw new FireworksError([`${name} is ${state}`, status?.message].filter(Boolean).join(': '));
    }
    if (Date.now() + intervalMs > endMs)
      throw new TimeoutError(`${name} is still ${state} after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
}
