import { type Static, Type } from 'typebox';
import { closed, freeObject, maybe, oneOf } from '../schema.ts';
import { EngineRequestExtension, type EngineResponseExtension } from './engine-extension.ts';
import { Usage } from './usage.ts';

const INPUTS_MAX = 2048;
const tokens = Type.Array(Type.Integer({ minimum: 0 }), { minItems: 1 });

const requestFields = {
  model: Type.String({ minLength: 1, maxLength: 512 }),
  input: Type.Union(
    [
      Type.String(),
      Type.Array(Type.String(), { minItems: 1, maxItems: INPUTS_MAX }),
      tokens,
      Type.Array(tokens, { minItems: 1, maxItems: INPUTS_MAX }),
      freeObject(),
      Type.Array(freeObject(), { minItems: 1, maxItems: INPUTS_MAX }),
    ],
    { description: 'Texts, token ids, or objects that prompt_template turns into text.' },
  ),
  prompt_template: maybe(Type.String(), {
    description: 'Jinja template over each input object; has truncate_tokens().',
  }),
  dimensions: maybe(Type.Integer({ minimum: 1 }), {
    description: 'Length of the vectors. Default: the full length.',
  }),
  encoding_format: maybe(oneOf(['float', 'base64']), { description: 'Default float.' }),
  normalize: maybe(Type.Boolean(), { description: 'Scale vectors to length 1. Default false.' }),
  return_logits: maybe(Type.Array(Type.Integer({ minimum: 0 })), {
    description: 'Return logits of these tokens instead of vectors; empty: all.',
  }),
  user: maybe(Type.String()),
};

/** Body of POST /embeddings. */
export const EmbeddingRequest = closed(requestFields, { title: 'EmbeddingRequest' });
export type EmbeddingRequest = Static<typeof EmbeddingRequest>;

/** The same as the gateway sends it to an engine. */
export const EngineEmbeddingRequest = closed({
  ...requestFields,
  sparkler: Type.Optional(EngineRequestExtension),
});
export type EngineEmbeddingRequest = Static<typeof EngineEmbeddingRequest>;

export const Embedding = closed(
  {
    object: Type.Literal('embedding'),
    index: Type.Integer({ minimum: 0 }),
    embedding: Type.Union([
      Type.Array(Type.Number()),
      Type.String({ description: 'Base64 of 32-bit floats.' }),
    ]),
  },
  { title: 'Embedding' },
);
export type Embedding = Static<typeof Embedding>;

export const EmbeddingResponse = closed(
  { object: Type.Literal('list'), model: Type.String(), data: Type.Array(Embedding), usage: Usage },
  { title: 'EmbeddingResponse' },
);
export type EmbeddingResponse = Static<typeof EmbeddingResponse>;

/** As an engine sends it. */
export type EngineEmbeddingResponse = EmbeddingResponse & { sparkler?: EngineResponseExtension };
