import { Type } from 'typebox';
import { closed, maybe, oneOf } from '../schema.ts';
import { ResponseFormat } from './response-format.ts';

/**
 * Tokens a completion may have when the caller does not say. The spec names 2000, "2K" and 2048; 2048 is
 * newest.
 */
export const DEFAULT_COMPLETION_TOKENS = 2048;

const number = (minimum: number, maximum: number, description: string) =>
  maybe(Type.Number({ minimum, maximum }), { description });
const integer = (minimum: number, maximum: number, description: string) =>
  maybe(Type.Integer({ minimum, maximum }), { description });
const flag = (description: string) => maybe(Type.Boolean(), { description });
const text = (description: string) => maybe(Type.String(), { description });

/** Largest integer JSON carries exactly; bounds of token counts and ids that have no bound of their own. */
const INTEGER_MAX = Number.MAX_SAFE_INTEGER;

export const Prediction = Type.Union(
  [
    Type.String(),
    closed({
      type: Type.Literal('content'),
      content: Type.Union([
        Type.String(),
        Type.Array(closed({ type: Type.Literal('text'), text: Type.String() }), { minItems: 1 }),
      ]),
    }),
  ],
  { description: 'Text the answer will mostly repeat; drafts are taken from it.' },
);

export const Thinking = Type.Union(
  [
    closed({
      type: Type.Literal('enabled'),
      budget_tokens: maybe(Type.Integer({ minimum: 1024, maximum: INTEGER_MAX })),
    }),
    closed({ type: Type.Literal('disabled') }),
  ],
  { discriminator: { propertyName: 'type' } },
);

/** Spec: "low" or an integer below 20 000; the newer names, true (medium) and false (none) besides. */
export const ReasoningEffort = Type.Union([
  oneOf(['none', 'low', 'medium', 'high']),
  Type.Integer({ minimum: 1, exclusiveMaximum: 20_000 }),
  Type.Boolean(),
]);

export const StreamOptions = closed({
  include_usage: flag('Accepted for OpenAI clients. Usage is in the final chunk in any case.'),
});

/** Fields that POST /chat/completions and POST /completions share. */
export const samplingFields = {
  model: Type.String({
    minLength: 1,
    maxLength: 512,
    description:
      'accounts/A/models/M, A/M, either with #accounts/B/deployments/D (or #B/D), or a deployed model.',
  }),
  stream: flag('Send server-sent events, ended by [DONE]. Default false.'),
  stream_options: maybe(StreamOptions),
  n: integer(1, 128, 'Number of choices. Default 1.'),
  stop: maybe(
    Type.Union([Type.String({ minLength: 1 }), Type.Array(Type.String({ minLength: 1 }), { maxItems: 4 })]),
    { description: 'Up to 4 texts that end generation; the text returned includes the one found.' },
  ),
  max_tokens: integer(0, INTEGER_MAX, `Most tokens to generate. Default ${DEFAULT_COMPLETION_TOKENS}.`),
  max_completion_tokens: integer(0, INTEGER_MAX, 'Another name of max_tokens; send one of the two.'),
  temperature: number(0, 2, "0 is greedy. Default: the model's, else 1."),
  top_p: number(0, 1, 'Default 1 (off).'),
  min_p: number(0, 1, 'Default 0 (off).'),
  typical_p: number(0, 1, 'Default 1 (off).'),
  top_k: integer(0, 100, 'Default 0 (off).'),
  frequency_penalty: number(-2, 2, 'Per occurrence in the output. Default 0.'),
  presence_penalty: number(-2, 2, 'Once per token in the output. Default 0.'),
  repetition_penalty: number(0, 2, 'Multiplicative, over prompt and output. Default 1 (off).'),
  mirostat_target: number(0, 100, 'Target perplexity; turns Mirostat on.'),
  mirostat_lr: number(0, 1, 'Learning rate of Mirostat. Default 0.1.'),
  seed: integer(-INTEGER_MAX, INTEGER_MAX, 'Same seed and request, same text.'),
  logprobs: maybe(Type.Union([Type.Boolean(), Type.Integer({ minimum: 0, maximum: 5 })]), {
    description:
      'true: token objects (OpenAI chat form); 0 to 5: the older parallel arrays, N alternatives each.',
  }),
  top_logprobs: integer(0, 5, 'Alternatives a token. Needs logprobs.'),
  logit_bias: maybe(
    Type.Record(Type.String({ pattern: '^[0-9]{1,9}$' }), Type.Number({ minimum: -200, maximum: 200 }), {
      additionalProperties: false,
      'x-key-rule': 'must be a token id',
    }),
    { description: 'Token id to a bias of -200 to 200 added to its logit.' },
  ),
  echo: flag('Return the prompt in front of the answer. Default false.'),
  echo_last: integer(0, INTEGER_MAX, 'Return the last N tokens of the prompt in front of the answer.'),
  ignore_eos: flag('Generate on past the end token, for benchmarks. Default false.'),
  context_length_exceeded_behavior: maybe(oneOf(['truncate', 'error']), {
    description: 'When prompt and max_tokens exceed the context: lower max_tokens (default) or fail.',
  }),
  user: text('Opaque id of a user or session; also the key of session affinity.'),
  response_format: maybe(ResponseFormat),
  raw_output: flag('Add raw_output: the prompt and completion exactly as the model saw them. Default false.'),
  perf_metrics_in_response: flag('Add perf_metrics to the body (last chunk of a stream). Default false.'),
  return_token_ids: flag('Add token_ids and prompt_token_ids. Default false.'),
  speculation: maybe(Type.Union([Type.String(), Type.Array(Type.Integer({ minimum: 0 }))]), {
    description: 'Expected answer as text or token ids; same use as prediction.',
  }),
  prediction: maybe(Prediction),
  rewrite_speculation: flag('Look for the place where the answer rejoins the prediction after it left it.'),
  disable_speculation: flag('Generate without drafts, to compare. Default false.'),
  metadata: maybe(Type.Record(Type.String(), Type.String()), {
    description: "Labels of the caller's own; shown with the timings of the request.",
  }),
  store: maybe(Type.Literal(false), { 'x-rule': 'must be false or left out: completions are never stored' }),
  reasoning_effort: maybe(ReasoningEffort),
  reasoning_history: maybe(oneOf(['disabled', 'interleaved', 'preserved']), {
    description: 'Which earlier reasoning_content goes into the prompt.',
  }),
  thinking: maybe(Thinking, { description: 'The other form of reasoning_effort; send one of the two.' }),
  prompt_cache_isolation_key: text('Cached prompts are shared only between requests with the same key.'),
  prompt_cache_key: text('Hint: requests with the same key share a prefix (routing only).'),
  prompt_cache_max_len: integer(0, INTEGER_MAX, 'Most prompt tokens to take from the cache; 0 turns it off.'),
  service_tier: maybe(oneOf(['auto', 'default', 'flex', 'priority']), { description: 'Default auto.' }),
};

/** Fields of OpenAI's API that have another name or no meaning here: refused with the way out. */
export const refusedFields: Record<string, string> = {
  best_of: "use 'n' instead",
  suffix: 'fill-in-the-middle is written in the prompt with the tokens of the model',
  audio: 'audio output is not offered by this endpoint',
  modalities: 'this endpoint answers with text only',
  web_search_options: 'there is no web search; pass results as messages or tools',
};
