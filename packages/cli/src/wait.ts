import { fillPath, methodOf } from './calls.ts';
import type { Resource } from './contract.ts';
import { ResourceFailedError } from './exit-codes.ts';
import type { Session } from './session.ts';

/** States after which nothing more happens by itself, and whether they are good. */
const finalStates: Readonly<Record<string, boolean>> = {
  READY: true,
  ACTIVE: true,
  DEPLOYED: true,
  COMPLETED: true,
  JOB_STATE_COMPLETED: true,
  JOB_STATE_EARLY_STOPPED: true,
  FAILED: false,
  DELETED: false,
  BUILD_FAILED: false,
  // A LoRA addon that could not be loaded: its status says why.
  UNDEPLOYING: false,
  JOB_STATE_FAILED: false,
  JOB_STATE_CANCELLED: false,
  JOB_STATE_PAUSED: false,
  JOB_STATE_EXPIRED: false,
};

interface Stateful {
  readonly name: string;
  readonly state?: string;
  readonly status?: { readonly message?: string } | null;
}

const pollMs = 500;

/**
 * Looks at a resource until it has come to rest, telling each change of state and its reason. Throws
 * ResourceFailedError when it rests in a state that is not good, or is gone.
 */
export async function waitForResource<T extends Stateful>(
  session: Session,
  resource: Resource,
  name: string,
): Promise<T> {
  const path = fillPath(methodOf(resource, 'get', 'get').path, name);
  let told = '';
  for (;;) {
    const current = await session
      .client()
      .resources.http.json<T>({ method: 'GET', path, options: { signal: session.signal } });
    const state = current.state ?? '';
    const reason = current.status?.message ?? '';
    const line = reason === '' ? state : `${state}: ${reason}`;
    if (line !== told && !session.flags.quiet) session.streams.note(`${name} is ${line}\n`);
    told = line;
    const isGood = finalStates[state];
    if (isGood === true) return current;
    if (isGood === false) throw new ResourceFailedError(`${name} is ${line}`);
    await sleep(pollMs, session.signal);
  }
}

/** Waits until a deleted resource is gone (or, when it can be undeleted, is DELETED). */
export async function waitUntilGone(session: Session, resource: Resource, name: string): Promise<void> {
  const path = fillPath(methodOf(resource, 'get', 'get').path, name);
  for (;;) {
    const current = await session
      .client()
      .resources.http.json<Stateful>({ method: 'GET', path, options: { signal: session.signal } })
      .catch((error: { status?: number }) => {
        if (error.status === 404) return null;
        throw error;
      });
    if (current === null || current.state === 'DELETED') return;
    await sleep(pollMs, session.signal);
  }
}

function sleep(durationMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    if (signal.aborted) return reject(signal.reason);
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, durationMs);
    signal.addEventListener('abort', abort, { once: true });
  });
}
