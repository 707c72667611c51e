import type { Query } from '@sparkler/sdk';
import type { Method, Resource } from './contract.ts';
import { resolveReference } from './names.ts';
import { printResource } from './output/print-resource.ts';
import type { Session } from './session.ts';

/** Full name for an id: other accounts' names are given whole or as `account/id`. */
export async function resolveName(session: Session, resource: Resource, name: string): Promise<string> {
  const isBare = !name.includes('/');
  return resolveReference(resource.pattern, name, isBare ? await session.client().resources.account() : '');
}

export interface MethodCall {
  readonly method: Method;
  /** Full name of the resource, or of the parent for creates and lists. */
  readonly name: string;
  readonly query?: Query | undefined;
  readonly body?: unknown;
}

/**
 * Sends one call of the contract. With `--dry-run` nothing that changes anything is sent: the request is
 * printed and the answer is null.
 */
export async function sendCall<Reply>(session: Session, call: MethodCall): Promise<Reply | null> {
  const path = fillPath(call.method.path, call.name);
  if (session.flags.dryRun && call.method.httpMethod !== 'GET') {
    printResource(session, {
      method: call.method.httpMethod,
      path,
      ...(call.query ? { query: call.query } : {}),
      body: call.body,
    });
    return null;
  }
  return session.client().resources.http.json<Reply>({
    method: call.method.httpMethod,
    path,
    query: call.query,
    ...(call.body === undefined ? {} : { body: call.body }),
    options: { signal: session.signal },
  });
}

/** The path of a method with the ids of a name in it. */
export function fillPath(path: string, name: string): string {
  const ids = name.split('/').filter((_, index) => index % 2 === 1);
  let next = 0;
  return path.replaceAll(/\{\w+\}/g, () => encodeURIComponent(ids[next++] ?? ''));
}

/** A method of a resource that the command needs; the contract has it, or the command would not exist. */
export function methodOf(resource: Resource, key: string, kind: Method['kind']): Method {
  const method = resource.methods[key];
  if (method?.kind !== kind) throw new Error(`${resource.noun} has no ${key}`);
  return method;
}
