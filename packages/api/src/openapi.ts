import { rpcCodeTable } from './api-error.ts';
import { inferenceEndpoints } from './inference/endpoints.ts';
import { inferenceErrorTable } from './inference-error.ts';
import { Components, type JsonObject } from './openapi/components.ts';
import { describeEndpoint, describeMethod, endpointPath, json, openApiPath } from './openapi/operations.ts';
import { plain } from './problem.ts';
import type { Resource } from './resource.ts';
import { resources } from './resources/index.ts';

/** The whole HTTP API as an OpenAPI 3.1 document. Pure: `openapi.json` in this package is its golden copy. */
export function buildOpenApi(version = '0.1.0'): JsonObject {
  const all: Resource[] = Object.values(resources);
  const components = new Components(new Set(all.map((resource) => plain(resource.schema).title ?? '')));
  const paths: Record<string, JsonObject> = {};
  const add = (path: string, httpMethod: string, operation: JsonObject) => {
    paths[path] = { ...paths[path], [httpMethod.toLowerCase()]: operation };
  };
  for (const resource of all) {
    for (const method of Object.values(resource.methods)) {
      add(openApiPath(method.path), method.httpMethod, describeMethod(components, method, resource.plural));
    }
  }
  for (const endpoint of inferenceEndpoints) {
    add(endpointPath(endpoint), endpoint.httpMethod, describeEndpoint(components, endpoint));
  }
  add('/verifyApiKey', 'GET', verifyApiKey);
  const errors = describeErrors(components);
  return {
    openapi: '3.1.0',
    info: { title: 'sparkler', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    servers: [{ url: '/' }],
    security: [{ apiKey: [] }],
    paths,
    components: {
      securitySchemes: { apiKey: { type: 'http', scheme: 'bearer', description: 'An API key.' } },
      responses: errors,
      schemas: sortKeys(components.schemas),
    },
  };
}

const verifyApiKey: JsonObject = {
  operationId: 'verifyApiKey',
  summary: 'Check an API key',
  tags: ['inference'],
  responses: {
    200: {
      description: 'The key is good.',
      headers: {
        'x-fireworks-account-id': { description: 'Account of the key.', schema: { type: 'string' } },
        'x-fireworks-user-id': { description: 'User of the key.', schema: { type: 'string' } },
      },
      content: json({ type: 'object' }),
    },
    default: { $ref: '#/components/responses/InferenceError' },
  },
};

function describeErrors(components: Components): JsonObject {
  const violation = {
    type: 'object',
    properties: { field: { type: 'string' }, description: { type: 'string' } },
  };
  const apiError = components.add('ApiError', {
    type: 'object',
    properties: {
      code: { type: 'integer', description: `google.rpc: ${listCodes()}.` },
      message: { type: 'string' },
      details: {
        type: 'array',
        items: {
          type: 'object',
          properties: { '@type': { type: 'string' }, fieldViolations: { type: 'array', items: violation } },
        },
      },
    },
  });
  const codes = Object.entries(inferenceErrorTable).map(([status, row]) => `${status} ${row.code}`);
  const text = { type: 'string' };
  const inferenceError = components.add('InferenceError', {
    type: 'object',
    properties: {
      error: {
        type: 'object',
        properties: {
          object: { const: 'error' },
          type: text,
          code: { ...text, description: `By status: ${codes.join(', ')}; or a more exact one.` },
          message: text,
          param: { type: ['string', 'null'], description: 'Field of the request that is wrong.' },
        },
      },
      request_id: text,
    },
  });
  return {
    ApiError: { description: 'What was wrong, where, and what to do.', content: json(apiError) },
    InferenceError: { description: 'What was wrong, where, and what to do.', content: json(inferenceError) },
  };
}

function listCodes(): string {
  return Object.entries(rpcCodeTable)
    .map(([name, row]) => `${row.number} ${name} (${row.httpStatus})`)
    .join(', ');
}

function sortKeys(schemas: Record<string, JsonObject>): Record<string, JsonObject> {
  return Object.fromEntries(Object.entries(schemas).sort(([left], [right]) => (left < right ? -1 : 1)));
}
