import type { TSchema } from 'typebox';
import { ChatCompletion, ChatCompletionChunk, ChatCompletionRequest } from './chat-completion.ts';
import { Completion, CompletionChunk, CompletionRequest } from './completion.ts';
import { EmbeddingRequest, EmbeddingResponse } from './embedding.ts';
import { FormatCheckRequest, FormatCheckResponse } from './format-check.ts';
import { ServedModel, ServedModelList } from './models.ts';
import { RequestText } from './request-text.ts';
import { RequestTimings, RequestTimingsList } from './request-timings.ts';
import { RerankRequest, RerankResponse } from './rerank.ts';

/** An endpoint of the data plane. */
export interface InferenceEndpoint {
  readonly operationId: string;
  readonly httpMethod: 'GET' | 'POST';
  /** Below the base path. */
  readonly path: string;
  readonly summary: string;
  readonly request: TSchema | null;
  readonly response: TSchema;
  /** One event of a stream, for endpoints that can stream. */
  readonly chunk: TSchema | null;
}

/** The data plane answers below this path and, for OpenAI clients, below /v1. */
export const INFERENCE_BASE_PATH = '/inference/v1';

export const inferenceEndpoints: readonly InferenceEndpoint[] = [
  {
    operationId: 'createChatCompletion',
    httpMethod: 'POST',
    path: '/chat/completions',
    summary: 'Answer a conversation',
    request: ChatCompletionRequest,
    response: ChatCompletion,
    chunk: ChatCompletionChunk,
  },
  {
    operationId: 'createCompletion',
    httpMethod: 'POST',
    path: '/completions',
    summary: 'Continue a prompt',
    request: CompletionRequest,
    response: Completion,
    chunk: CompletionChunk,
  },
  {
    operationId: 'createEmbeddings',
    httpMethod: 'POST',
    path: '/embeddings',
    summary: 'Turn texts into vectors',
    request: EmbeddingRequest,
    response: EmbeddingResponse,
    chunk: null,
  },
  {
    operationId: 'createRerank',
    httpMethod: 'POST',
    path: '/rerank',
    summary: 'Order documents by relevance to a query',
    request: RerankRequest,
    response: RerankResponse,
    chunk: null,
  },
  {
    operationId: 'checkResponseFormat',
    httpMethod: 'POST',
    path: '/response_format/check',
    summary: 'Check a schema, grammar or tools before use: each keyword enforced or not, and the cost',
    request: FormatCheckRequest,
    response: FormatCheckResponse,
    chunk: null,
  },
  {
    operationId: 'listServedModels',
    httpMethod: 'GET',
    path: '/models',
    summary: 'List the models the caller may query',
    request: null,
    response: ServedModelList,
    chunk: null,
  },
  {
    operationId: 'getServedModel',
    httpMethod: 'GET',
    path: '/models/{model}',
    summary: 'Get a model the caller may query; {model} is its name, slashes included',
    request: null,
    response: ServedModel,
    chunk: null,
  },
  {
    operationId: 'listRequestTimings',
    httpMethod: 'GET',
    path: '/requests',
    summary: "List where the time of the account's latest requests went, latest first",
    request: null,
    response: RequestTimingsList,
    chunk: null,
  },
  {
    operationId: 'getRequestTimings',
    httpMethod: 'GET',
    path: '/requests/{id}',
    summary: 'Get where the time of a recent request went; {id} is its x-request-id',
    request: null,
    response: RequestTimings,
    chunk: null,
  },
  {
    operationId: 'getRequestText',
    httpMethod: 'GET',
    path: '/requests/{id}/text',
    summary:
      'Get prompt and answer of a request whose account stores them; {id} is its x-fireworks-request-id',
    request: null,
    response: RequestText,
    chunk: null,
  },
];
