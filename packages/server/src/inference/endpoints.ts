import { type Checker, compileChecker, FormatCheckRequest, inferenceCheckers } from '@sparkler/api';
import type { EndpointName } from './dialects/dialect.ts';
import type { ModelRoute } from './routing.ts';

/** One inference endpoint: its public paths, the check of its body and what a model must be able to do. */
export interface Endpoint {
  readonly name: EndpointName;
  /** The second is OpenAI's own path, for clients whose base URL is the server's plus /v1. */
  readonly paths: readonly string[];
  readonly checker: Checker<{ model?: unknown }>;
  /** Why a model can't serve it, or null. */
  unfit(model: ModelRoute): string | null;
}

const EMBEDDING_KIND = 'EMBEDDING_MODEL';

function unfitForText(model: ModelRoute): string | null {
  return model.kind === EMBEDDING_KIND ? 'it is an embedding model; use /embeddings' : null;
}

export const endpoints: readonly Endpoint[] = [
  {
    name: 'chat',
    paths: ['/inference/v1/chat/completions', '/v1/chat/completions'],
    checker: inferenceCheckers.chatCompletion,
    unfit: (model) =>
      unfitForText(model) ??
      (model.supportsChat ? null : 'it has no chat template; use /completions with a prompt'),
  },
  {
    name: 'completions',
    paths: ['/inference/v1/completions', '/v1/completions'],
    checker: inferenceCheckers.completion,
    unfit: unfitForText,
  },
  {
    name: 'embeddings',
    paths: ['/inference/v1/embeddings', '/v1/embeddings'],
    checker: inferenceCheckers.embedding,
    unfit: () => null,
  },
  {
    name: 'rerank',
    paths: ['/inference/v1/rerank', '/v1/rerank'],
    checker: inferenceCheckers.rerank,
    unfit: () => null,
  },
  {
    name: 'format-check',
    paths: ['/inference/v1/response_format/check', '/v1/response_format/check'],
    checker: compileChecker(FormatCheckRequest),
    unfit: unfitForText,
  },
];
