import { compileChecker, InferenceError } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { AdapterError } from '../core/adapter-error.ts';
import { checkBody } from './check-body.ts';
import type { HttpContext } from './http-context.ts';

const checker = compileChecker(
  Type.Object(
    {
      id: Type.String({ minLength: 1, maxLength: 512 }),
      path: Type.String({ minLength: 1, description: 'GGUF file on the machine of the engine.' }),
    },
    { additionalProperties: false, title: 'LoadAdapterRequest' },
  ),
);

/** POST, GET and DELETE /v1/adapters: adapters of the base model, changed while it serves. */
export function addAdapterRoutes(server: FastifyInstance, context: HttpContext): void {
  const { adapters } = context;

  server.post('/v1/adapters', async (request, reply) => {
    const { id, path } = checkBody(checker, request.body);
    if (adapters === null)
      throw new InferenceError(400, 'this engine embeds only; adapters are for models that generate');
    try {
      const adapter = await adapters.loadAdapter(id, path);
      return await reply.status(201).send({ id: adapter.id, version: adapter.version, rank: adapter.rank });
    } catch (error) {
      // The specification's status for an adapter that cannot be loaded.
      if (error instanceof AdapterError)
        throw new InferenceError(412, error.message, { param: 'path', cause: error });
      throw error;
    }
  });

  server.get('/v1/adapters', async () => ({
    data: (context.engine?.status().adapters ?? []).map((id) => ({ id })),
  }));

  server.delete<{ Params: { '*': string } }>('/v1/adapters/*', async (request, reply) => {
    const id = request.params['*'];
    if (!context.engine?.status().adapters.includes(id)) {
      throw new InferenceError(404, `adapter '${id}' is not loaded here`, { param: 'id' });
    }
    await adapters?.unloadAdapter(id);
    return reply.status(204).send();
  });
}
