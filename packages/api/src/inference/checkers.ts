import type { Static, TSchema } from 'typebox';
import type { Problem } from '../problem.ts';
import { type Checker, compileChecker } from '../validate.ts';
import { ChatCompletionRequest, EngineChatCompletionRequest } from './chat-completion.ts';
import { CompletionRequest, EngineCompletionRequest } from './completion.ts';
import { EmbeddingRequest, EngineEmbeddingRequest } from './embedding.ts';
import { findChatConflict, findCompletionConflict, findEmbeddingConflict } from './find-conflict.ts';
import { EngineRerankRequest, RerankRequest } from './rerank.ts';

/**
 * Whole checks of request bodies: schema, then rules between fields. The `engine…` ones take the field
 * `sparkler` besides; the public ones refuse it.
 */
export const inferenceCheckers = {
  chatCompletion: withRules(ChatCompletionRequest, findChatConflict),
  completion: withRules(CompletionRequest, findCompletionConflict),
  embedding: withRules(EmbeddingRequest, findEmbeddingConflict),
  rerank: compileChecker(RerankRequest),
  engineChatCompletion: withRules(EngineChatCompletionRequest, findChatConflict),
  engineCompletion: withRules(EngineCompletionRequest, findCompletionConflict),
  engineEmbedding: withRules(EngineEmbeddingRequest, findEmbeddingConflict),
  engineRerank: compileChecker(EngineRerankRequest),
};

function withRules<S extends TSchema>(
  schema: S,
  findConflict: (request: Static<S>) => Problem | null,
): Checker<Static<S>> {
  const checker = compileChecker(schema);
  return {
    check(value) {
      const result = checker.check(value);
      const problem = result.ok ? findConflict(result.value) : null;
      return problem ? { ok: false, problem } : result;
    },
  };
}
