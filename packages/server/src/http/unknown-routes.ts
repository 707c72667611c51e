import { InferenceError } from '@sparkler/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

interface KnownRoute {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** 405 with `allow` for a known path, 404 for any other, as the spec's error table distinguishes them. */
export function answerUnknownRoutes(app: FastifyInstance): void {
  const routes = new Map<string, KnownRoute>();
  app.addHook('onRoute', ({ url, method }) => {
    const route = routes.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const name of [method].flat()) route.methods.add(name);
    routes.set(url, route);
  });
  app.setNotFoundHandler((request, reply) => {
    const allowed = methodsOf(routes, request);
    if (allowed.length === 0) {
      const message = `there is no ${request.originalUrl.split('?', 1)[0]}; see GET /docs for all paths`;
      throw new InferenceError(404, message.slice(0, 600));
    }
    reply.header('allow', allowed.join(', '));
    throw new InferenceError(405, `${request.method} is not offered here; use ${allowed.join(' or ')}`);
  });
}

function methodsOf(routes: Map<string, KnownRoute>, request: FastifyRequest): string[] {
  const path = request.url.split('?', 1)[0]!;
  const methods = new Set<string>();
  for (const route of routes.values()) {
    if (route.pattern.test(path)) for (const name of route.methods) methods.add(name);
  }
  return [...methods].sort();
}

/** A route of Fastify as a regular expression: `:name` is one segment, `*` the rest. */
function patternOf(url: string): RegExp {
  const source = url
    .split('/')
    .map((segment) => {
      if (segment === '*') return '.*';
      if (/^:\w+$/.test(segment)) return '[^/]+';
      return segment.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
    })
    .join('/');
  return new RegExp(`^${source}/?$`);
}
