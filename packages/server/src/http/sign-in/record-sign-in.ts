import type { FastifyRequest } from 'fastify';
import type { ServerContext } from '../context.ts';

export interface SignInEvent {
  readonly method: 'signIn' | 'signOut';
  /** accounts/A/users/U */
  readonly user: string;
  readonly session: string;
  /** How the user showed who they are. */
  readonly provider?: string;
}

/** Puts into the audit log that a person signed in or out. */
export async function recordSignIn(
  { audit }: Pick<ServerContext, 'audit'>,
  request: FastifyRequest,
  { method, user, session, provider = 'link' }: SignInEvent,
): Promise<void> {
  const payload = {
    requestId: request.id,
    from: request.ip,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, 256),
    ...(method === 'signIn' ? { provider } : {}),
  };
  const account = user.split('/')[1] ?? '';
  const id = await audit?.begin({ account, method, user, resource: session, payload });
  if (id !== undefined) await audit?.complete(id, { code: 'OK', message: '', resource: null });
}
