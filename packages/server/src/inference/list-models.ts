import { InferenceError, type ServedModel, type ServedModelList } from '@sparkler/api';
import type { FastifyRequest } from 'fastify';
import { principalOf } from '../http/authenticate.ts';
import type { ServerContext } from '../http/context.ts';
import { findScopeProblem } from './key-scope.ts';
import { listQueryable, type ResolvedTarget, resolveModel } from './resolve.ts';
import { selectVisible } from './visible-snapshot.ts';

/** GET /models: what the caller's key can query now, newest first as OpenAI does. */
export function listModels(context: ServerContext, request: FastifyRequest): ServedModelList {
  const principal = principalOf(request);
  const targets = listQueryable(principal, selectVisible(context.routing.current(), principal));
  const queryable = targets.filter((target) => findScopeProblem(principal, target) === null);
  const data = queryable.map(describeModel).sort((a, b) => b.created - a.created || (a.id < b.id ? -1 : 1));
  return { object: 'list', data };
}

/** GET /models/{id}, id being any accepted model string. */
export function showModel(context: ServerContext, request: FastifyRequest): ServedModel {
  const id = (request.params as { '*': string })['*'];
  const { routing, settings } = context;
  const principal = principalOf(request);
  const visible = selectVisible(routing.current(), principal);
  const target = resolveModel(id, principal, visible, settings.providerAccount);
  if (target instanceof InferenceError) throw target;
  const why = findScopeProblem(principal, target);
  if (why !== null) throw new InferenceError(403, `this API key ${why}; use another one`, { param: 'model' });
  return describeModel(target);
}

function describeModel({ model, modelRoute }: ResolvedTarget): ServedModel {
  const owned_by = model.split('/')[1]!;
  if (modelRoute === null) return { id: model, object: 'model', created: 0, owned_by };
  return {
    id: model,
    object: 'model',
    created: Math.floor(modelRoute.createTimeMs / 1000),
    owned_by,
    kind: modelRoute.kind,
    supports_chat: modelRoute.supportsChat,
    supports_image_input: modelRoute.supportsImageInput,
    supports_tools: modelRoute.supportsTools,
    context_length: modelRoute.contextLength,
  };
}
