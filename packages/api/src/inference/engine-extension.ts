import { type Static, Type } from 'typebox';
import { closed, maybe, nullable } from '../schema.ts';

/**
 * What the gateway tells an engine besides the public request, and what the engine answers besides the public
 * response. It travels in the field `sparkler`, which the public schemas refuse and the gateway strips.
 */
export const EngineRequestExtension = closed({
  request_id: maybe(Type.String({ minLength: 1, maxLength: 128 })),
  /** Scope of the prompt cache: account and caller's key, joined by the gateway. */
  isolation_key: maybe(Type.String({ maxLength: 4096 })),
  /** Fairness is across tenants. */
  tenant: maybe(Type.String({ maxLength: 256 })),
  /** Larger runs first; 0 is normal, negative is over-limit traffic. */
  priority: maybe(Type.Integer({ minimum: -1000, maximum: 1000 })),
  /** Adapter id as loaded on the engine; null or absent: the base model. */
  adapter: maybe(Type.String({ minLength: 1, maxLength: 512 })),
  /** Jinja source to use in place of the model's own; of the model's conversationConfig. Chats only. */
  chat_template: maybe(Type.String({ maxLength: 262_144 })),
  /** Said first in conversations that begin without a system message. Chats only. */
  system: maybe(Type.String({ maxLength: 65_536 })),
  /** Leave the stop string out of the text, as OpenAI does; the specification has it end the text. */
  exclude_stop: Type.Optional(Type.Boolean()),
  /**
   * Tell how many tokens a chunk of a stream has, unless it is one: what was used is then known to the token
   * when the stream is broken off.
   */
  count_chunks: Type.Optional(Type.Boolean()),
  /**
   * Tell how many tokens the prompt has as soon as it is known, in a 103 before the response: what a caller
   * owes who leaves before the first byte.
   */
  tell_prompt: Type.Optional(Type.Boolean()),
});
export type EngineRequestExtension = Static<typeof EngineRequestExtension>;

const count = Type.Integer({ minimum: 0 });
const milliseconds = Type.Number({ minimum: 0 });

/** In a chunk of a stream that has more or less than one token, after `count_chunks`. */
export const EngineChunkExtension = closed({ chunk_tokens: count });
export type EngineChunkExtension = Static<typeof EngineChunkExtension>;

/** In the response, or in the last chunk of a stream. Durations in milliseconds. */
export const EngineResponseExtension = closed({
  request_id: Type.String(),
  prompt_tokens: count,
  cached_tokens: count,
  generated_tokens: count,
  draft_tokens: count,
  draft_tokens_accepted: count,
  steps: count,
  tokenize_ms: milliseconds,
  queue_ms: milliseconds,
  prefill_ms: milliseconds,
  decode_ms: milliseconds,
  sample_ms: milliseconds,
  mask_ms: milliseconds,
  first_token_ms: nullable(milliseconds),
});
export type EngineResponseExtension = Static<typeof EngineResponseExtension>;
