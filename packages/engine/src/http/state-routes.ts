import { InferenceError } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import type { HttpContext } from './http-context.ts';

/** GET /health, /status, /metrics and /v1/models: what the engine is and how it is doing. */
export function addStateRoutes(server: FastifyInstance, context: HttpContext): void {
  const { model, engine } = context;

  server.get('/health', async () => ({ status: 'ok' }));

  server.get('/status', async () => {
    const state = engine?.status() ?? null;
    return {
      name: model.name,
      architecture: model.description.architecture,
      model: model.description.name,
      parameter_count: Number(model.description.parameterCount),
      size_bytes: model.description.sizeBytes,
      context_tokens: model.contextTokens,
      embedding_size: model.limits.embeddingSize,
      pooling: model.description.pooling,
      chat_template: model.chat.origin,
      tool_format: model.chat.family.id,
      started: model.startedSeconds,
      generates: state !== null,
      ...(state === null
        ? {}
        : {
            running: state.running,
            waiting: state.waiting,
            queue_max: state.queueMax,
            cells_used: state.cellsUsed,
            cells_max: state.cellsMax,
            sequences_max: model.limits.sequencesMax,
            batch_rows: state.batchRows,
            batch_tokens_max: model.limits.batchTokensMax,
            adapters: state.adapters,
            steps: state.steps,
          }),
    };
  });

  server.get('/metrics', async (_, reply) => {
    const text = await context.metrics.registry.metrics();
    return reply.type(context.metrics.registry.contentType).send(text);
  });

  const names = () => [model.name, ...(engine?.status().adapters ?? [])];
  const entry = (id: string) => ({
    id,
    object: 'model',
    created: model.startedSeconds,
    owned_by: 'sparkler',
    kind: id === model.name ? 'HF_BASE_MODEL' : 'HF_PEFT_ADDON',
    supports_chat: engine !== null,
    supports_image_input: false,
    supports_tools: engine !== null,
    context_length: model.contextTokens,
  });

  server.get('/v1/models', async () => ({ object: 'list', data: names().map(entry) }));

  server.get<{ Params: { '*': string } }>('/v1/models/*', async (request) => {
    const id = request.params['*'];
    if (!names().includes(id))
      throw new InferenceError(404, `this engine does not serve '${id}'`, { param: 'model' });
    return entry(id);
  });
}
