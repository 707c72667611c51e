import { InferenceError } from '@sparkler/api';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { createGateway, type Gateway } from '../inference/gateway.ts';
import { mountInference } from '../inference/mount-inference.ts';
import { answerClientError, limitConnections } from './connection-limits.ts';
import type { ServerContext } from './context.ts';
import { separateDirectRoutes } from './direct-routes.ts';
import { isExpected, toErrorReply } from './error-bodies.ts';
import { logAccess } from './log-access.ts';
import { mountHealth } from './mount-health.ts';
import { mountReference } from './mount-reference.ts';
import { readJsonBodies } from './read-body.ts';
import { chooseRequestId } from './request-id.ts';
import { rewriteUrl } from './rewrite-url.ts';
import { answerUnknownRoutes } from './unknown-routes.ts';
import { mountVerifyKey } from './verify-key.ts';

/**
 * The whole HTTP surface over a context, not yet listening. Control-plane routes are mounted by the caller
 * before
 * `listen`; `close()` ends open requests and the connections to replicas.
 */
export function createApp(context: ServerContext): FastifyInstance {
  const { settings } = context;
  const app = Fastify({
    // Access is logged by hand (log-access.ts): Fastify's lines would hold URLs, and a logger child a request
    // costs 5 us.
    logger: false,
    genReqId: (incoming) => chooseRequestId(incoming, context.newId),
    requestIdHeader: false,
    rewriteUrl: (incoming) => rewriteUrl(incoming.url ?? '/'),
    bodyLimit: settings.bodyBytesMax,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
    requestTimeout: settings.requestReceiveTimeoutMs,
    // Node looks for late requests every 30 s unless told to look more often.
    http: { headersTimeout: settings.headersTimeoutMs, connectionsCheckingInterval: 1_000 },
    forceCloseConnections: 'idle',
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: 512 },
    clientErrorHandler: answerClientError,
    frameworkErrors: (error, request, reply) => answerError(context, error, request, reply),
  });
  limitConnections(app, settings);
  readJsonBodies(app);
  app.decorateRequest('principal', null);
  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id);
    done();
  });
  logAccess(app, context);
  separateDirectRoutes(app, context);
  app.setErrorHandler((error, request, reply) => answerError(context, error, request, reply));
  answerUnknownRoutes(app);
  mountHealth(app, context);
  mountReference(app, context);
  mountVerifyKey(app, context);
  const gateway = createGateway(context);
  mountInference(app, gateway);
  closeGracefully(app, gateway);
  return app;
}

/** Answers with the error body of the request's plane; logs only what was not meant to happen. */
function answerError(
  context: ServerContext,
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, headers, body } = toErrorReply(request.originalUrl, explain(context, thrown), request.id);
  if (!isExpected(thrown)) {
    const route = request.routeOptions.url ?? null;
    context.log.error(
      {
        requestId: request.id,
        account: request.principal?.account ?? null,
        method: request.method,
        route,
        err: thrown,
      },
      'a request failed',
    );
  }
  // Hooks of a request that failed in the router (a bad URL) have not run.
  reply.status(status).headers(headers).header('x-request-id', request.id).send(body);
}

/** Puts what to do into Fastify's own errors. */
function explain(context: ServerContext, thrown: unknown): unknown {
  const code = (thrown as { code?: unknown } | null)?.code;
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    const bytesMax = context.settings.bodyBytesMax;
    return new InferenceError(
      413,
      `the request body is larger than ${bytesMax} bytes; send less text or fewer images`,
    );
  }
  return thrown;
}

/**
 * On close, running requests may end; their connections are closed as soon as they do, since Node keeps them
 * alive for the next request and would wait for that.
 */
function closeGracefully(app: FastifyInstance, gateway: Gateway): void {
  let timer: NodeJS.Timeout | undefined;
  app.addHook('preClose', async () => {
    gateway.drain();
    timer = setInterval(() => app.server.closeIdleConnections(), 50);
    timer.unref();
  });
  app.addHook('onClose', async () => {
    clearInterval(timer);
    await gateway.close();
  });
}
