import { type Static, Type } from 'typebox';
import { closed, nullable } from '../schema.ts';

const bytes = Type.Array(Type.Integer({ minimum: 0, maximum: 255 }));

export const TopLogprob = closed({
  token: Type.String(),
  logprob: Type.Number(),
  token_id: Type.Integer(),
  bytes,
});
export type TopLogprob = Static<typeof TopLogprob>;

/**
 * One token of `logprobs: true`: OpenAI's chat fields, plus id, offset and the log probability after filters.
 */
export const TokenLogprob = closed({
  token: Type.String(),
  logprob: Type.Number({ description: 'Before temperature and filters, natural logarithm.' }),
  sampling_logprob: Type.Optional(nullable(Type.Number())),
  bytes,
  top_logprobs: Type.Array(TopLogprob),
  token_id: Type.Integer(),
  text_offset: Type.Integer(),
});
export type TokenLogprob = Static<typeof TokenLogprob>;

export const ContentLogprobs = closed({ content: Type.Array(TokenLogprob) }, { title: 'ContentLogprobs' });
export type ContentLogprobs = Static<typeof ContentLogprobs>;

/**
 * `logprobs: N`: parallel arrays over the tokens; the first echoed prompt token has no probability (null).
 */
export const LegacyLogprobs = closed(
  {
    tokens: Type.Array(Type.String()),
    token_logprobs: Type.Array(nullable(Type.Number())),
    top_logprobs: nullable(Type.Array(nullable(Type.Record(Type.String(), Type.Number())))),
    text_offset: Type.Array(Type.Integer()),
    token_ids: Type.Array(Type.Integer()),
  },
  { title: 'LegacyLogprobs' },
);
export type LegacyLogprobs = Static<typeof LegacyLogprobs>;

export const Logprobs = Type.Union([ContentLogprobs, LegacyLogprobs]);
export type Logprobs = Static<typeof Logprobs>;
