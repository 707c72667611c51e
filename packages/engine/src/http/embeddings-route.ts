import { compileChecker, EngineEmbeddingRequest, InferenceError } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import { checkBody, refuseField } from './check-body.ts';
import { readEmbeddingInputs } from './embeddings/read-inputs.ts';
import { encodeVector, shapeVector } from './embeddings/shape-vector.ts';
import type { HttpContext } from './http-context.ts';
import { readBillNote } from './read-bill-note.ts';
import { reportReading } from './report-reading.ts';
import { resolveAdapter } from './resolve-adapter.ts';
import { tellPrompt } from './tell-prompt.ts';
import { watchCaller } from './watch-caller.ts';

const checker = compileChecker(EngineEmbeddingRequest);

/** POST /v1/embeddings. */
export function addEmbeddingsRoute(server: FastifyInstance, context: HttpContext): void {
  server.post('/v1/embeddings', async (request, reply) => {
    const arrivedMs = performance.now();
    const body = checkBody(checker, request.body);
    const { model, runner } = context;
    if (resolveAdapter(body.model, body.sparkler, context) !== null) {
      throw refuseField('model', 'embeddings are computed with the base model only; name the base model');
    }
    if (body.return_logits) {
      throw refuseField(
        'return_logits',
        'return_logits is not offered by this engine; leave it out to get vectors',
      );
    }
    if (model.description.pooling === 'rank') {
      throw new InferenceError(400, `'${model.name}' ranks documents; send it to /v1/rerank`, {
        param: 'model',
      });
    }
    const size = model.limits.embeddingSize;
    const dimensions = body.dimensions ?? size;
    if (dimensions > size) {
      throw refuseField('dimensions', `dimensions is ${dimensions}; vectors of this model have ${size}`);
    }
    const inputs = await readEmbeddingInputs(body, model, context.embeddingTokensMax);
    const promptTokens = inputs.reduce((sum, input) => sum + input.length, 0);
    tellPrompt(body.sparkler, reply.raw, promptTokens);
    const tokenizedMs = performance.now();
    const read = { id: body.sparkler?.request_id ?? request.id, note: readBillNote(request) };
    const embed = () => runner.embed(inputs, watchCaller(reply.raw));
    const vectors = await context.requestUsage.track(read, promptTokens, embed);
    const readMs = performance.now() - tokenizedMs;
    const format = body.encoding_format ?? 'float';
    return {
      object: 'list',
      model: body.model,
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: encodeVector(shapeVector(vector, dimensions, body.normalize ?? false), format),
      })),
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
      ...reportReading(body.sparkler, { promptTokens, tokenizeMs: tokenizedMs - arrivedMs, readMs }),
    };
  });
}
