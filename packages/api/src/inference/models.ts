import { type Static, Type } from 'typebox';
import { closed } from '../schema.ts';

/** A model the caller may query, as GET /models lists it (OpenAI's fields and Fireworks' additions). */
export const ServedModel = closed(
  {
    id: Type.String({ description: 'accounts/A/models/M' }),
    object: Type.Literal('model'),
    created: Type.Integer({ description: 'Unix seconds.' }),
    owned_by: Type.String(),
    kind: Type.Optional(Type.String()),
    supports_chat: Type.Optional(Type.Boolean()),
    supports_image_input: Type.Optional(Type.Boolean()),
    supports_tools: Type.Optional(Type.Boolean()),
    context_length: Type.Optional(Type.Integer()),
  },
  { title: 'ServedModel' },
);
export type ServedModel = Static<typeof ServedModel>;

export const ServedModelList = closed(
  { object: Type.Literal('list'), data: Type.Array(ServedModel) },
  { title: 'ServedModelList' },
);
export type ServedModelList = Static<typeof ServedModelList>;
