import type { FastifyInstance } from 'fastify';
import { requirePrincipal } from '../http/authenticate.ts';
import { endpoints } from './endpoints.ts';
import type { Gateway } from './gateway.ts';
import { listModels, showModel } from './list-models.ts';
import { prepareCall } from './prepare-call.ts';
import { runCall } from './run-call.ts';

/** The routes of the data plane. */
export function mountInference(app: FastifyInstance, gateway: Gateway): void {
  const { context } = gateway;
  const onRequest = requirePrincipal(context);
  for (const endpoint of endpoints) {
    for (const path of endpoint.paths) {
      app.post(path, { onRequest }, async (request, reply) => {
        await runCall(gateway, prepareCall(context, gateway.limiter, endpoint, request), reply);
      });
    }
  }
  for (const base of ['/inference/v1', '/v1']) {
    app.get(`${base}/models`, { onRequest }, async (request) => listModels(context, request));
    app.get(`${base}/models/*`, { onRequest }, async (request) => showModel(context, request));
  }
}
