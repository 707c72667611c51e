import { type Static, Type } from 'typebox';
import { closed } from '../schema.ts';

/** Prompt and answer of a request, of accounts that asked for them to be stored (Account.logRequests). */
export const RequestText = closed(
  {
    request_id: Type.String(),
    model: Type.String(),
    endpoint: Type.String({ description: 'chat, completions, embeddings or rerank.' }),
    time: Type.String({ description: 'ISO 8601.' }),
    request: Type.String({ description: 'The body as received.' }),
    answer: Type.String({ description: 'The body as sent; of a stream, its events.' }),
  },
  { title: 'RequestText' },
);
export type RequestText = Static<typeof RequestText>;
