import type { PlainSchema } from './problem.ts';

/**
 * A resource as it goes out: every field of the schema, in its order, unset ones with their zero value ("" 0
 * false [] {}, null for messages, times and durations; the API emits defaults rather than leaving them out).
 * Fields that are never returned are dropped, and so is anything the schema does not know.
 */
export function encodeMessage(schema: PlainSchema, value: object): Record<string, unknown> {
  const source = value as Record<string, unknown>;
  const fields = Object.entries(schema.properties ?? {}).filter(
    ([, inner]) => inner['x-access'] !== 'secret',
  );
  return Object.fromEntries(fields.map(([key, inner]) => [key, encodeValue(inner, source[key])]));
}

/** One value as it goes out. */
export function encodeValue(schema: PlainSchema, value: unknown): unknown {
  if (value === undefined || value === null) return zeroOf(schema);
  if (Array.isArray(value)) return value.map((item) => encodeValue(schema.items ?? {}, item));
  if (schema.properties && typeof value === 'object') return encodeMessage(schema, value);
  const [mapValue] = Object.values(schema.patternProperties ?? {});
  if (mapValue?.properties && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encodeValue(mapValue, item)]));
  }
  return value;
}

/** The value of a field nobody set. */
export function zeroOf(schema: PlainSchema): unknown {
  if (schema.enum) return schema.enum[0];
  if (schema.type === 'string') {
    if (schema.format === 'date-time' || schema.format === 'google-duration') return null;
    return schema.format === 'int64' ? '0' : '';
  }
  if (schema.type === 'integer' || schema.type === 'number') return 0;
  if (schema.type === 'boolean') return false;
  if (schema.type === 'array') return [];
  return schema.patternProperties ? {} : null;
}
