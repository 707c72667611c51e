import { fillPath, methodOf } from './calls.ts';
import type { Resource } from './contract.ts';
import { ResourceFailedError } from './exit-codes.ts';
import type { Session } from './session.ts';

interface Stateful {
  readonly name: string;
  readonly state?: string;
  readonly status?: { readonly message?: string } | null;
}

/**
 * Looks at a resource until it has come to rest; tells each change of state and its reason, unless `show`
 * does. Throws ResourceFailedError when it rests in a state that is not good, or is gone.
 */
export async function waitForResource<T extends Stateful>(
  session: Session,
  resource: Resource,
  name: string,
  show?: (current: T) => Promise<void>,
): Promise<T> {
  const { waitUntilReady, WaitFailedError } = await import('@sparkler/sdk');
  let told = '';
  const tell = ({ state = '', status }: Stateful): void => {
    const line = [state, status?.message].filter(Boolean).join(': ');
    if (line !== told && !session.flags.quiet) session.streams.note(`${name} is ${line}\n`);
    told = line;
  };
  try {
    const lookAndShow = async (): Promise<T> => {
      const current = await look<T>(session, resource, name);
      await (show ?? tell)(current);
      return current;
    };
    return await waitUntilReady(lookAndShow, { signal: session.signal });
  } catch (error) {
    if (error instanceof WaitFailedError) throw new ResourceFailedError(error.message);
    throw error;
  }
}

/** Waits until a deleted resource is gone (or, when it can be undeleted, is DELETED). */
export async function waitUntilGone(session: Session, resource: Resource, name: string): Promise<void> {
  const sdk = await import('@sparkler/sdk');
  await sdk.waitUntilGone(() => look<Stateful>(session, resource, name), { signal: session.signal });
}

function look<T>(session: Session, resource: Resource, name: string): Promise<T> {
  const path = fillPath(methodOf(resource, 'get', 'get').path, name);
  const options = { signal: session.signal };
  return session.client().resources.http.json<T>({ method: 'GET', path, options });
}
