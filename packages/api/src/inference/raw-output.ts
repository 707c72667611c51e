import { type Static, Type } from 'typebox';
import { closed, maybe } from '../schema.ts';
import { Logprobs } from './logprobs.ts';

/** What the model really saw and wrote, for debugging; asked for with `raw_output`. */
export const RawOutput = closed(
  {
    prompt_fragments: Type.Array(Type.Union([Type.String(), Type.Integer()]), {
      description: 'Pieces of the prompt (one a message) before truncation and joining.',
    }),
    prompt_token_ids: Type.Array(Type.Integer()),
    completion: Type.String({ description: 'Before tool calls are parsed.' }),
    completion_token_ids: maybe(Type.Array(Type.Integer())),
    completion_logprobs: maybe(Logprobs),
    images: maybe(Type.Array(Type.String())),
    grammar: maybe(Type.String({ description: 'The grammar that constrained the answer.' })),
  },
  { title: 'RawOutput' },
);
export type RawOutput = Static<typeof RawOutput>;
