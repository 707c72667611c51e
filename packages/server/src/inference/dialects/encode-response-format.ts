import { InferenceError } from '@sparkler/api';
import type { Dialect } from './dialect.ts';

/** OpenAI wants a name for every schema. */
const NAME = 'answer';

type Fields = Readonly<Record<string, unknown>>;

/**
 * A checked `response_format` as other servers know it: a schema always in OpenAI's wrapper, whatever form it
 * came in, and a grammar in the server's own field. Throws a 400 where a schema given as text is none.
 */
export function encodeResponseFormat(given: unknown, dialect: Dialect): Record<string, unknown> {
  const { type, grammar, schema, json_schema } = given as Fields;
  if (type === 'grammar' && dialect.grammarField !== null) return { [dialect.grammarField]: grammar };
  const bare = schema ?? null;
  if (bare !== null) return wrap(parse(bare, 'response_format.schema'));
  const wrapped = json_schema ?? null;
  if (wrapped === null) return { response_format: { type } };
  const value = parse(wrapped, 'response_format.json_schema');
  if (!isWrapper(value)) return wrap(value);
  const inner = parse(value.schema, 'response_format.json_schema.schema');
  return { response_format: { type: 'json_schema', json_schema: { name: NAME, ...value, schema: inner } } };
}

function wrap(schema: Fields): Record<string, unknown> {
  return { response_format: { type: 'json_schema', json_schema: { name: NAME, schema } } };
}

/** JSON Schema has no keyword `schema`; a bare schema with such a member says its type. */
function isWrapper(value: Fields): boolean {
  return value.schema !== undefined && value.type === undefined;
}

function parse(value: unknown, field: string): Fields {
  if (typeof value === 'object' && value !== null) return value as Fields;
  try {
    const parsed: unknown = JSON.parse(String(value));
    if (typeof parsed === 'object' && parsed !== null) return parsed as Fields;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new InferenceError(400, `${field} is no JSON object; send a JSON Schema`, { param: field });
}
