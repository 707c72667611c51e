import { timingSafeEqual } from 'node:crypto';
import { InferenceError } from '@sparkler/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ServerContext } from './context.ts';
import type { Principal } from './principal.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Host name of the direct route that the request came by; null: the server's own name. */
    directHost: string | null;
  }
}

/** All that a deployment answers on its own host name. */
const openPaths: ReadonlySet<string> = new Set([
  ...['/v1/completions', '/v1/chat/completions', '/v1/embeddings', '/v1/rerank', '/v1/models'],
]);

/**
 * Tells requests to a deployment's own host name (spec, "Direct routing") from all others, and keeps them to
 * inference: 404 for anything else, whether or not the name is one of ours.
 */
export function separateDirectRoutes(app: FastifyInstance, context: ServerContext): void {
  const suffix = `.direct.${context.settings.directDomain}`;
  app.decorateRequest('directHost', null);
  app.addHook('onRequest', (request, _reply, done) => {
    const host = hostOf(request);
    const isDirect = host.endsWith(suffix) || context.routing.current().directRoutes?.has(host) === true;
    if (!isDirect) return done();
    request.directHost = host;
    const path = request.originalUrl.split('?', 1)[0]!;
    if (openPaths.has(path)) return done();
    const message = `${path.slice(0, 200)} is not offered on this host; it answers ${[...openPaths].join(', ')}`;
    done(new InferenceError(404, message));
  });
}

/** Host names have no case, and the port is not part of them. */
function hostOf(request: FastifyRequest): string {
  return request.hostname.toLowerCase();
}

/**
 * Who sends a key to a direct route: its deployment's account, allowed nothing but that deployment. Null
 * alike for a wrong key and a name that is no route, so that nobody learns which exist.
 */
export function findDirectPrincipal(host: string, key: string, context: ServerContext): Principal | null {
  const route = context.routing.current().directRoutes?.get(host);
  const hash = context.keys.hash?.(key) ?? null;
  if (route === undefined || hash === null) return null;
  // All are compared: how long it takes does not tell which one it was.
  const matches = route.keyHashes.filter((known) => timingSafeEqual(known, hash));
  if (matches.length === 0) return null;
  return {
    account: route.account,
    user: '',
    role: 'inference-user',
    apiKeyId: 'direct-route',
    isServiceAccount: true,
    deployment: route.deployment,
  };
}
