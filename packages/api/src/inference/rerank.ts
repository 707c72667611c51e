import { type Static, Type } from 'typebox';
import { closed, maybe } from '../schema.ts';
import { EngineRequestExtension, type EngineResponseExtension } from './engine-extension.ts';
import { Usage } from './usage.ts';

const requestFields = {
  model: Type.String({ minLength: 1, maxLength: 512 }),
  query: Type.String({ minLength: 1 }),
  documents: Type.Array(Type.String(), { minItems: 1, maxItems: 2048 }),
  top_n: maybe(Type.Integer({ minimum: 1 }), {
    description: 'Most results to return. Default: all documents.',
  }),
  return_documents: maybe(Type.Boolean(), { description: 'Default true.' }),
  task: maybe(Type.String(), {
    description: 'Instruction put into the prompt of instruction-tuned rerankers.',
  }),
};

/** Body of POST /rerank. */
export const RerankRequest = closed(requestFields, { title: 'RerankRequest' });
export type RerankRequest = Static<typeof RerankRequest>;

/** The same as the gateway sends it to an engine. */
export const EngineRerankRequest = closed({
  ...requestFields,
  sparkler: Type.Optional(EngineRequestExtension),
});
export type EngineRerankRequest = Static<typeof EngineRerankRequest>;

export const RerankResult = closed(
  {
    index: Type.Integer({ minimum: 0, description: 'Place of the document in the request.' }),
    relevance_score: Type.Number({ minimum: 0, maximum: 1 }),
    document: maybe(Type.String()),
  },
  { title: 'RerankResult' },
);
export type RerankResult = Static<typeof RerankResult>;

export const RerankResponse = closed(
  {
    object: Type.Literal('list'),
    model: Type.String(),
    data: Type.Array(RerankResult, { description: 'Best first.' }),
    usage: Usage,
  },
  { title: 'RerankResponse' },
);
export type RerankResponse = Static<typeof RerankResponse>;

/** As an engine sends it. */
export type EngineRerankResponse = RerankResponse & { sparkler?: EngineResponseExtension };
