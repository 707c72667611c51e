import {
  compileChecker,
  EngineFormatCheckRequest,
  type FormatCheck,
  type FormatCheckResponse,
} from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import type { GrammarCompiler } from '../text/constraint/grammar-compiler.ts';
import { checkBody } from './check-body.ts';
import { compileOrRefuse, type FormatSource, readFormat } from './generation/answer-format.ts';
import { readParameters } from './generation/call-grammars.ts';
import type { HttpContext } from './http-context.ts';

const checker = compileChecker(EngineFormatCheckRequest);

/**
 * POST /v1/response_format/check: what would become of the schemas and the grammar of a request, without
 * running the model. What a request would be refused for is refused here in the same words.
 */
export function addFormatCheckRoute(server: FastifyInstance, { grammars }: HttpContext): void {
  server.post('/v1/response_format/check', async (request): Promise<FormatCheckResponse> => {
    const body = checkBody(checker, request.body);
    const format = readFormat(body.response_format);
    const sources = [...(format === null ? [] : [format]), ...readParameters(body.tools ?? [])];
    return {
      object: 'response_format.check',
      model: body.model,
      checks: sources.map((source) => checkOne(source, grammars)),
    };
  });
}

function checkOne({ source, field }: FormatSource, grammars: GrammarCompiler): FormatCheck {
  const { isEnforced, keywords, cost } = compileOrRefuse(source, field, grammars.check);
  return {
    field,
    enforced: isEnforced,
    keywords: [...keywords],
    cost: {
      compile_ms: Number(cost.milliseconds.toFixed(3)),
      first_mask_ms: Number(cost.firstMaskMilliseconds.toFixed(3)),
      steps: cost.steps,
      steps_max: cost.stepsMax,
    },
  };
}
