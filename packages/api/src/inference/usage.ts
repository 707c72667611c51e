import { type Static, Type } from 'typebox';
import { closed, maybe } from '../schema.ts';

const count = Type.Integer({ minimum: 0 });

export const Usage = closed(
  {
    prompt_tokens: count,
    completion_tokens: Type.Optional(count),
    total_tokens: count,
    prompt_tokens_details: maybe(closed({ cached_tokens: Type.Optional(count) })),
    completion_tokens_details: maybe(
      closed({
        reasoning_tokens: Type.Optional(count),
        accepted_prediction_tokens: Type.Optional(count),
        rejected_prediction_tokens: Type.Optional(count),
      }),
    ),
  },
  {
    title: 'Usage',
    description: 'Tokens of the request. completion_tokens is absent for embeddings and rerank.',
  },
);
export type Usage = Static<typeof Usage>;

/** Names are the response headers' without the `fireworks-` prefix; durations in seconds. */
export const PerfMetrics = Type.Record(Type.String(), Type.Union([Type.Number(), Type.String()]), {
  title: 'PerfMetrics',
});
export type PerfMetrics = Static<typeof PerfMetrics>;
