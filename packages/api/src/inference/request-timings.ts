import { type Static, Type } from 'typebox';
import { closed } from '../schema.ts';

const milliseconds = Type.Union([Type.Number(), Type.Null()]);
const count = Type.Integer({ minimum: 0 });

/** Where the time of a finished request went. Null: the server behind the model does not say. */
export const RequestTimings = closed(
  {
    request_id: Type.String(),
    client_request_id: Type.Union([Type.String(), Type.Null()], {
      description: "The caller's own x-request-id; null when it sent none.",
    }),
    endpoint: Type.String({ description: 'chat, completions, embeddings, rerank or format-check.' }),
    model: Type.String(),
    deployment: Type.String(),
    replica: Type.String(),
    adapter: Type.Union([Type.String(), Type.Null()]),
    metadata: Type.Union([Type.Record(Type.String(), Type.String()), Type.Null()], {
      description: 'Labels that the request came with.',
    }),
    status: Type.Integer({ description: 'HTTP status of the answer.' }),
    start_time: Type.String({ description: 'ISO 8601.' }),
    cost_nanos: Type.Union([count, Type.Null()], {
      description: 'Nano-dollars; null when the deployment is not billed by the token.',
    }),
    tokens: closed({ prompt: count, cached_prompt: count, completion: count }, {}),
    drafts: Type.Union([closed({ proposed: count, accepted: count }, {}), Type.Null()]),
    timings: closed(
      {
        gateway_queue: milliseconds,
        tokenize: milliseconds,
        engine_queue: milliseconds,
        prefill: milliseconds,
        decode: milliseconds,
        sample: milliseconds,
        mask: milliseconds,
        engine_first_token: milliseconds,
        first_byte: milliseconds,
        total: milliseconds,
      },
      { description: 'Milliseconds.' },
    ),
  },
  { title: 'RequestTimings' },
);
export type RequestTimings = Static<typeof RequestTimings>;

export const RequestTimingsList = closed(
  { object: Type.Literal('list'), data: Type.Array(RequestTimings) },
  { title: 'RequestTimingsList' },
);
export type RequestTimingsList = Static<typeof RequestTimingsList>;
