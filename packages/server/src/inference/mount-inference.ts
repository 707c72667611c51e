import type { FastifyInstance } from 'fastify';
import { principalOf, requirePrincipal } from '../http/authenticate.ts';
import { endpoints } from './endpoints.ts';
import type { Gateway } from './gateway.ts';
import { listModels, showModel } from './list-models.ts';
import { prepareCall } from './prepare-call.ts';
import { describeTimings, showTimings } from './recent-requests.ts';
import { showText } from './request-log.ts';
import { runCall } from './run-call.ts';

/** Requests in one list of recent ones. */
const LISTED_MAX = 100;

/** The routes of the data plane. */
export function mountInference(app: FastifyInstance, gateway: Gateway): void {
  const { context } = gateway;
  const onRequest = requirePrincipal(context);
  for (const endpoint of endpoints) {
    for (const path of endpoint.paths) {
      app.post(path, { onRequest }, async (request, reply) => {
        await runCall(gateway, await prepareCall(context, gateway.limiter, endpoint, request), reply);
      });
    }
  }
  app.get('/inference/v1/requests', { onRequest }, async (request) => {
    const requests = gateway.recent.list(principalOf(request).account, LISTED_MAX);
    return { object: 'list', data: requests.map(describeTimings) };
  });
  app.get('/inference/v1/requests/:id', { onRequest }, async (request) => {
    const { id } = request.params as { id: string };
    return showTimings(gateway.recent, principalOf(request).account, id);
  });
  app.get('/inference/v1/requests/:id/text', { onRequest }, async (request) => {
    const { id } = request.params as { id: string };
    return await showText(context.requestLog, principalOf(request).account, id);
  });
  for (const base of ['/inference/v1', '/v1']) {
    app.get(`${base}/models`, { onRequest }, async (request) => listModels(context, request));
    app.get(`${base}/models/*`, { onRequest }, async (request) => showModel(context, request));
  }
}
