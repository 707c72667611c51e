import { compileChecker } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { checkBody } from './check-body.ts';
import type { HttpContext } from './http-context.ts';

const checker = compileChecker(
  Type.Object(
    { request_ids: Type.Array(Type.String({ minLength: 1, maxLength: 128 }), { maxItems: 1000 }) },
    { additionalProperties: false, title: 'RequestUsageRequest' },
  ),
);

/**
 * POST /v1/request_usage: what requests used, for a gateway that lost count of them. Unknown ids are left
 * out.
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
          },
        ];
      }),
    };
  });
}
