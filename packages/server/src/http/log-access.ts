import type { FastifyInstance } from 'fastify';
import type { ServerContext } from './context.ts';

/**
 * One line a request at level debug: who, which route, how it ended. Never a URL, whose parts callers choose,
 * and nothing of a body. Inference requests have a line with their tokens besides
 * (`inference/meter-call.ts`).
 */
export function logAccess(app: FastifyInstance, { log }: Pick<ServerContext, 'log'>): void {
  if (!log.isLevelEnabled('debug')) return;
  app.addHook('onResponse', async (request, reply) => {
    const facts = {
      requestId: request.id,
      account: request.principal?.account ?? null,
      user: request.principal?.user ?? null,
      method: request.method,
      route: request.routeOptions.url ?? null,
      status: reply.statusCode,
      durationMs: Math.round(reply.elapsedTime),
    };
    log.debug(facts, 'answered');
  });
}
