import type { FastifyInstance } from 'fastify';
import type { ServerContext } from './context.ts';

/** /healthz: the process lives. /readyz: it can serve. /metrics: Prometheus text. None needs a key. */
export function mountHealth(app: FastifyInstance, context: ServerContext): void {
  app.get('/healthz', async () => ({ status: 'ok', version: context.settings.version }));
  app.get('/readyz', async (_request, reply) => {
    const { ready, reason } = context.isReady();
    if (!ready) reply.status(503).header('retry-after', '1');
    return ready ? { status: 'ready' } : { status: 'not ready', reason };
  });
  app.get('/metrics', async (_request, reply) => {
    reply.header('content-type', context.metrics.contentType);
    return await context.metrics.metrics();
  });
}
