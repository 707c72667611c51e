import { compileChecker } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { checkBody } from './check-body.ts';
import type { HttpContext } from './http-context.ts';

const id = Type.String({ minLength: 1, maxLength: 128 });
const checker = compileChecker(
  Type.Object(
    { request_ids: Type.Array(id, { maxItems: 1000 }) },
    { additionalProperties: false, title: 'RequestUsageRequest' },
  ),
);
const gatewayChecker = compileChecker(
  Type.Object({ gateway: id }, { additionalProperties: false, title: 'RequestsOfGatewayRequest' }),
);

/**
 * POST /v1/request_usage: what requests used, for a gateway that lost count of them. Unknown ids are left
 * out. POST /v1/requests_of_gateway: the ids that are known of a gateway, for whoever settles for it.
 */
export function addRequestUsageRoute(server: FastifyInstance, { requestUsage }: HttpContext): void {
  server.post('/v1/request_usage', async (request) => {
    const { request_ids } = checkBody(checker, request.body);
    return {
      data: request_ids.flatMap((id) => {
        const used = requestUsage.find(id);
        if (used === null) return [];
        return [
          {
            request_id: id,
            state: used.state,
            prompt_tokens: used.promptTokens,
            cached_tokens: used.cachedTokens,
            generated_tokens: used.generatedTokens,
            duration_ms: Math.round(used.durationMs),
            ...(used.note === null ? {} : { gateway: used.note.gateway, bill: used.note.bill }),
          },
        ];
      }),
    };
  });
  server.post('/v1/requests_of_gateway', async (request) => {
    const { gateway } = checkBody(gatewayChecker, request.body);
    return { request_ids: requestUsage.listOf(gateway) };
  });
}
