import { randomUUID } from 'node:crypto';
import { InferenceError, toInferenceErrorBody } from '@sparkler/api';
import fastify, { type FastifyError, type FastifyInstance } from 'fastify';
import { addAdapterRoutes } from './adapter-routes.ts';
import { addEmbeddingsRoute } from './embeddings-route.ts';
import { endIdleConnectionsGently } from './end-idle-connections.ts';
import { addFormatCheckRoute } from './format-check-route.ts';
import { addGenerationRoutes } from './generation-routes.ts';
import type { HttpContext } from './http-context.ts';
import { addRequestUsageRoute } from './request-usage-route.ts';
import { addRerankRoute } from './rerank-route.ts';
import { addStateRoutes } from './state-routes.ts';
import { addTokenizeRoutes } from './tokenize-routes.ts';

/**
 * The engine's HTTP side. Fastify rather than bare node:http: the same router, body limit and error path as
 * the platform's server, `inject()` for tests, and streams go to the raw response in either case.
 */
export function createEngineServer(context: HttpContext): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: context.bodyBytesMax,
    genReqId: (request) => {
      const given = request.headers['x-request-id'];
      return typeof given === 'string' && given !== '' && given.length <= 128 ? given : randomUUID();
    },
    // A streaming answer may take as long as it takes.
    requestTimeout: 0,
    forceCloseConnections: 'idle',
  });
  endIdleConnectionsGently(server.server);
  server.addHook('onSend', async (request, reply) => {
    reply.header('x-request-id', request.id);
  });
  server.setErrorHandler((error: FastifyError, request, reply) => {
    const problem = toProblem(error, context.bodyBytesMax);
    if (problem.retryAfterSeconds !== undefined) reply.header('retry-after', problem.retryAfterSeconds);
    return reply.status(problem.status).send(toInferenceErrorBody(problem, request.id));
  });
  server.setNotFoundHandler((request, reply) => {
    const problem = new InferenceError(
      404,
      `there is no ${request.method} ${request.url.split('?')[0]} here`,
    );
    return reply.status(404).send(toInferenceErrorBody(problem, request.id));
  });
  addGenerationRoutes(server, context);
  addFormatCheckRoute(server, context);
  addEmbeddingsRoute(server, context);
  addRerankRoute(server, context);
  addTokenizeRoutes(server, context);
  addAdapterRoutes(server, context);
  addRequestUsageRoute(server, context);
  addStateRoutes(server, context);
  return server;
}

/** Errors of the framework (a broken body, one too large) in the words of the data plane. */
function toProblem(error: FastifyError | InferenceError, bodyBytesMax: number): InferenceError {
  if (error instanceof InferenceError) return error;
  if (error.statusCode === 413) {
    return new InferenceError(413, `the request body is larger than ${bodyBytesMax} bytes`, { cause: error });
  }
  if (error.statusCode === 415) {
    return new InferenceError(
      400,
      'the request body must be JSON, sent with content-type: application/json',
      { cause: error },
    );
  }
  if (error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500) {
    return new InferenceError(400, `the request could not be read: ${error.message}`, { cause: error });
  }
  return new InferenceError(500, 'the engine failed on this request; send it again', { cause: error });
}
