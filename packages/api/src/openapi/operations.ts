import type { TSchema } from 'typebox';
import { INFERENCE_BASE_PATH, type InferenceEndpoint } from '../inference/endpoints.ts';
import type { Method } from '../method.ts';
import { queryOf } from '../method-builder.ts';
import { plain } from '../problem.ts';
import type { Components, JsonObject } from './components.ts';

/** The OpenAPI operation of a control-plane method. */
export function describeMethod(components: Components, method: Method, tag: string): JsonObject {
  const parameters = [...describePath(method.path), ...describeQuery(components, queryOf(method))];
  const body = describeBody(components, method);
  return {
    operationId: method.operationId,
    summary: method.summary,
    tags: [tag],
    'x-permission': method.permission,
    'x-access': method.access,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null ? {} : { requestBody: body }),
    responses: {
      200: { description: 'Done.', content: json(describeReply(components, method)) },
      default: { $ref: '#/components/responses/ApiError' },
    },
  };
}

/** The OpenAPI operation of a data-plane endpoint. */
export function describeEndpoint(components: Components, endpoint: InferenceEndpoint): JsonObject {
  const stream =
    endpoint.chunk === null ? {} : { 'text/event-stream': { schema: components.use(endpoint.chunk) } };
  const parameters = describePath(endpoint.path);
  return {
    operationId: endpoint.operationId,
    summary: endpoint.summary,
    tags: ['inference'],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(endpoint.request === null
      ? {}
      : { requestBody: { required: true, content: json(components.use(endpoint.request)) } }),
    responses: {
      200: {
        description:
          endpoint.chunk === null
            ? 'Done.'
            : 'The answer; with stream: true, one event a chunk, then [DONE].',
        content: { ...json(components.use(endpoint.response)), ...stream },
      },
      default: { $ref: '#/components/responses/InferenceError' },
    },
  };
}

export function endpointPath(endpoint: InferenceEndpoint): string {
  return INFERENCE_BASE_PATH + openApiPath(endpoint.path);
}

/** `{deployedModel}` becomes `{deployed_model_id}`, as in the public API's documents. */
export function openApiPath(path: string): string {
  return path.replaceAll(/\{(\w+)\}/g, (_, name: string) => `{${parameterName(name)}}`);
}

export function json(schema: JsonObject): JsonObject {
  return { 'application/json': { schema } };
}

function parameterName(name: string): string {
  return `${name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}_id`;
}

function describePath(path: string): JsonObject[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => {
    return { name: parameterName(name!), in: 'path', required: true, schema: { type: 'string' } };
  });
}

function describeQuery(components: Components, query: TSchema): JsonObject[] {
  return Object.entries(plain(query).properties ?? {}).map(([name, inner]) => {
    const { description, ...schema } = components.use(inner as TSchema);
    const required = inner['x-required'] === true ? { required: true } : {};
    return { name, in: 'query', ...required, ...(description === undefined ? {} : { description }), schema };
  });
}

function describeBody(components: Components, method: Method): JsonObject | null {
  if (method.kind === 'create') return { required: true, content: json(components.use(method.body)) };
  if (method.kind === 'update') return { required: true, content: json(components.use(method.resource)) };
  if (method.kind !== 'verb' || method.body === null) return null;
  if (method.fileField === null) return { required: true, content: json(components.use(method.body)) };
  const file = { type: 'string', contentMediaType: 'application/octet-stream' };
  const schema = { type: 'object', required: [method.fileField], properties: { [method.fileField]: file } };
  return { required: true, content: { 'multipart/form-data': { schema } } };
}

function describeReply(components: Components, method: Method): JsonObject {
  if (method.kind === 'verb') return components.use(method.response);
  if (method.kind === 'delete') return { type: 'object' };
  const resource = components.use(method.resource);
  if (method.kind !== 'list') return resource;
  return components.add(`${method.operationId[0]!.toUpperCase()}${method.operationId.slice(1)}Response`, {
    type: 'object',
    properties: {
      [method.collection]: { type: 'array', items: resource },
      nextPageToken: { type: 'string', description: 'Empty on the last page.' },
      totalSize: { type: 'integer' },
    },
  });
}
