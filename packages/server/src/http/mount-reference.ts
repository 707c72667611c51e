import { buildOpenApi } from '@sparkler/api/openapi';
import type { FastifyInstance } from 'fastify';
import type { ServerContext } from './context.ts';
import type { OpenApiDocument } from './reference/openapi-document.ts';
import { pagePolicy, renderPage } from './reference/render-page.ts';

/**
 * /openapi.json, and /docs for people. Both are made on the first request and kept: they change with releases
 * only.
 */
export function mountReference(app: FastifyInstance, context: ServerContext): void {
  let document: string | null = null;
  let page: string | null = null;
  const build = () => buildOpenApi(context.settings.version);
  app.get('/openapi.json', async (_request, reply) => {
    document ??= JSON.stringify(build());
    reply
      .header('content-type', 'application/json; charset=utf-8')
      .header('access-control-allow-origin', '*');
    return document;
  });
  app.get('/docs', async (_request, reply) => {
    page ??= renderPage(build() as unknown as OpenApiDocument);
    reply.header('content-type', 'text/html; charset=utf-8').header('content-security-policy', pagePolicy);
    return page;
  });
}
