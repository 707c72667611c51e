import type { FastifyInstance } from 'fastify';
import { principalOf, requirePrincipal } from './authenticate.ts';
import type { ServerContext } from './context.ts';

/**
 * GET /verifyApiKey: 200 and account and user in headers for a good key, the documented 401 for any other.
 */
export function mountVerifyKey(app: FastifyInstance, context: ServerContext): void {
  app.get('/verifyApiKey', { onRequest: requirePrincipal(context) }, async (request, reply) => {
    const { account, user } = principalOf(request);
    reply.headers({ 'x-fireworks-account-id': account, 'x-fireworks-user-id': user.split('/').at(-1) });
    return {};
  });
}
