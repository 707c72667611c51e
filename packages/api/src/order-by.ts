import { invalidField } from './api-error.ts';
import { type Field, findField } from './field-types.ts';
import type { PlainSchema } from './problem.ts';

/** One key of an order. */
export interface OrderKey {
  readonly field: Field;
  readonly descending: boolean;
}

const KEYS_MAX = 8;

/**
 * Reads an `orderBy` value such as `displayName, createTime desc`. Empty: no keys (the caller's default
 * applies). Throws ApiError (400) for unknown fields, fields without order, fields that are not offered
 * (null: all are) and repetitions.
 */
export function readOrderBy(
  text: string | undefined,
  schema: PlainSchema,
  offered: readonly string[] | null = null,
): OrderKey[] {
  if (text === undefined || text.trim() === '') return [];
  const keys = text.split(',').map((part) => readKey(part, schema, offered));
  if (keys.length > KEYS_MAX) throw invalidField('orderBy', `orderBy has more than ${KEYS_MAX} fields`);
  const names = keys.map((key) => key.field.path.join('.'));
  const repeated = names.find((name, index) => names.indexOf(name) < index);
  if (repeated !== undefined) throw invalidField('orderBy', `orderBy names '${repeated}' twice`);
  return keys;
}

/** The canonical text of an order, for page tokens and clients. */
export function formatOrderBy(keys: readonly OrderKey[]): string {
  return keys.map((key) => key.field.path.join('.') + (key.descending ? ' desc' : '')).join(',');
}

function readKey(part: string, schema: PlainSchema, offered: readonly string[] | null): OrderKey {
  const [name, direction, ...rest] = part.trim().split(/\s+/);
  if (!name || rest.length > 0 || (direction !== undefined && !/^(?:asc|desc)$/i.test(direction))) {
    throw invalidField(
      'orderBy',
      `orderBy must be fields such as "displayName, createTime desc", not '${part.trim()}'`,
    );
  }
  const field = findField(schema, name.split('.'));
  if (field === null) throw invalidField('orderBy', `orderBy: there is no field '${name}'`);
  if (['list', 'map', 'message', 'json'].includes(field.type.kind)) {
    throw invalidField('orderBy', `orderBy: ${name} is a ${field.type.kind}, which has no order`);
  }
  if (offered !== null && !offered.includes(name)) {
    throw invalidField('orderBy', `orderBy: there is no order by ${name}; use ${offered.join(', ')}`);
  }
  return { field, descending: direction?.toLowerCase() === 'desc' };
}
