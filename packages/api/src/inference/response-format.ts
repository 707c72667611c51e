import { type Static, Type } from 'typebox';
import { closed, freeObject, maybe, taggedUnion } from '../schema.ts';

const SchemaInput = Type.Union([freeObject(), Type.String({ minLength: 2 })], {
  description: 'A JSON Schema, as an object or as its JSON text.',
});

/** OpenAI wraps the schema (`json_schema: {name, strict, schema}`); the bare schema is accepted there too. */
const JsonSchemaInput = Type.Union([freeObject(), Type.String({ minLength: 2 })], {
  description: 'OpenAI form {name, description, strict, schema}, or the JSON Schema itself.',
});

const Strict = maybe(Type.Boolean(), {
  description: 'Refuse a schema with keywords that cannot be enforced, instead of listing them in a header.',
});

/** What the answer must look like: any text, any JSON object, JSON of a schema, or text of a GBNF grammar. */
export const ResponseFormat = taggedUnion(
  'type',
  [
    closed({ type: Type.Literal('text') }),
    closed({
      type: Type.Literal('json_object'),
      schema: maybe(SchemaInput),
      json_schema: maybe(JsonSchemaInput),
      strict: Strict,
    }),
    closed({
      type: Type.Literal('json_schema'),
      json_schema: maybe(JsonSchemaInput),
      schema: maybe(SchemaInput),
      strict: Strict,
    }),
    closed({ type: Type.Literal('grammar'), grammar: Type.String({ minLength: 1 }) }),
  ],
  { title: 'ResponseFormat' },
);
export type ResponseFormat = Static<typeof ResponseFormat>;
