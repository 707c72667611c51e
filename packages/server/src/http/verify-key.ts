import type { FastifyInstance } from 'fastify';
import { principalOf, requirePrincipal } from './authenticate.ts';
import type { ServerContext } from './context.ts';

/** GET /verifyApiKey: 200 and the account in a header for a good key, the documented 401 for any other. */
export function mountVerifyKey(app: FastifyInstance, context: ServerContext): void {
  app.get('/verifyApiKey', { onRequest: requirePrincipal(context) }, async (request, reply) => {
    reply.header('x-fireworks-account-id', principalOf(request).account);
    return {};
  });
}
