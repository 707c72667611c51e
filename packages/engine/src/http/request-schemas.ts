import {
  compileChecker,
  EngineChatCompletionRequest,
  EngineCompletionRequest,
  EngineRequestExtension,
} from '@sparkler/api';
import { type Static, Type } from 'typebox';

/**
 * The `sparkler` field of requests: what the gateway sends (packages/api), and what only a caller that talks
 * to the engine itself can ask for.
 */
const extensionFields = {
  ...EngineRequestExtension.properties,
  /** No end token before this many tokens. */
  min_tokens: Type.Optional(Type.Integer({ minimum: 0 })),
  /**
   * `inline` (default) leaves `<think>…</think>` in the content; `separate` moves it to reasoning_content.
   */
  reasoning_format: Type.Optional(Type.Enum(['inline', 'separate'], { type: 'string' })),
};

export const GenerationExtension = Type.Object(extensionFields, { additionalProperties: false });
export type GenerationExtension = Static<typeof GenerationExtension>;

/** For chat: more for the template. */
export const ChatExtension = Type.Object(
  {
    ...extensionFields,
    /** Documents for templates with retrieval. */
    documents: Type.Optional(Type.Array(Type.Record(Type.String(), Type.Unknown()))),
    /** Further variables of the template, such as `enable_thinking`. */
    template_variables: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  },
  { additionalProperties: false },
);
export type ChatExtension = Static<typeof ChatExtension>;

const chatBody = Type.Object(
  { ...EngineChatCompletionRequest.properties, sparkler: Type.Optional(ChatExtension) },
  { additionalProperties: false, title: 'ChatCompletionRequest' },
);
const completionBody = Type.Object(
  { ...EngineCompletionRequest.properties, sparkler: Type.Optional(GenerationExtension) },
  { additionalProperties: false, title: 'CompletionRequest' },
);

export type ChatBody = Static<typeof chatBody>;
export type CompletionBody = Static<typeof completionBody>;
/** The fields that both endpoints have. */
export type SharedBody = Omit<CompletionBody, 'prompt' | 'images'>;

export const chatChecker = compileChecker(chatBody);
export const completionChecker = compileChecker(completionBody);
