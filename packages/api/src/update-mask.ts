import { invalidField } from './api-error.ts';
import { normalizeInput } from './decode.ts';
import { encodeValue } from './encode.ts';
import { type Field, findField, typeOf } from './field-types.ts';
import type { PlainSchema } from './problem.ts';

/** What an update sets: a field and its new value, undefined to clear it. */
export interface FieldUpdate {
  readonly field: Field;
  readonly value: unknown;
}

/**
 * What a PATCH changes. Without an explicit mask the fields present in the body are the mask, down to the
 * leaves of messages (as grpc-gateway derives it): a field sent is set, null clears, a field left out keeps
 * its value. With `mask` (a comma list) exactly its fields are set, those missing in the body cleared. `body`
 * must have been checked against the schema except for nulls. Output-only fields are skipped unless the mask
 * names them.
 */
export function planUpdate(schema: PlainSchema, body: Record<string, unknown>, mask?: string): FieldUpdate[] {
  if (mask === undefined || mask.trim() === '') return collectLeaves(schema, body, []);
  const values = normalizeInput(schema, body);
  if (mask.trim() === '*') {
    const names = Object.keys(schema.properties ?? {});
    return names
      .filter((name) => accessOf(schema, [name]) !== 'output')
      .map((name) => pickUpdate(schema, values, name));
  }
  return mask.split(',').map((name) => pickUpdate(schema, values, name.trim()));
}

function pickUpdate(schema: PlainSchema, body: unknown, name: string): FieldUpdate {
  const field = findField(schema, name.split('.'), 'all');
  if (field === null) throw invalidField('updateMask', `updateMask: there is no field '${name}'`);
  if (accessOf(schema, field.path) === 'output') {
    throw invalidField('updateMask', `updateMask: ${name} is set by the server and can not be changed`);
  }
  return { field, value: readAt(body, field.path) ?? undefined };
}

function collectLeaves(
  schema: PlainSchema,
  body: Record<string, unknown>,
  path: readonly string[],
): FieldUpdate[] {
  return Object.entries(body).flatMap(([key, value]) => {
    const inner = schema.properties?.[key];
    if (!inner || inner['x-access'] === 'output') return [];
    const here = [...path, key];
    const isMessage = inner.properties !== undefined && typeof value === 'object' && value !== null;
    if (isMessage && Object.keys(value).length > 0) {
      return collectLeaves(inner, value as Record<string, unknown>, here);
    }
    const next = value === null ? undefined : normalizeInput(inner, value);
    return [{ field: { path: here, type: typeOf(inner) }, value: next }];
  });
}

/** The resource after the updates; the one given is left alone. Messages on the way come into being. */
export function applyUpdates<T extends object>(resource: T, updates: readonly FieldUpdate[]): T {
  const result = structuredClone(resource) as Record<string, unknown>;
  for (const { field, value } of updates) setAt(result, field.path, value);
  return result as T;
}

/** Fields among the updates that can't be changed any more and would be. */
export function findFixedChange(
  schema: PlainSchema,
  resource: object,
  updates: readonly FieldUpdate[],
): FieldUpdate | null {
  const after = applyUpdates(resource, updates);
  const fixed = updates.filter(({ field }) => accessOf(schema, field.path) === 'create');
  // Compared as they go out: an unset field and its zero value are the same.
  const show = (value: unknown, path: readonly string[]) =>
    JSON.stringify(encodeValue(schemaAt(schema, path), readAt(value, path)));
  return fixed.find(({ field: { path } }) => show(resource, path) !== show(after, path)) ?? null;
}

/** The mark that holds for a path: its own or the nearest one above it. */
export function accessOf(schema: PlainSchema, path: readonly string[]): PlainSchema['x-access'] {
  let access: PlainSchema['x-access'];
  let at: PlainSchema | undefined = schema;
  for (const key of path) {
    at = at?.properties?.[key];
    access = at?.['x-access'] ?? access;
  }
  return access;
}

function setAt(target: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [key, ...rest] = path;
  if (key === undefined) return;
  if (rest.length === 0) {
    if (value === undefined) delete target[key];
    else target[key] = value;
    return;
  }
  // hasOwn: `__proto__` is a legal key of a map and must not lead to Object.prototype.
  const inner = Object.hasOwn(target, key) ? target[key] : undefined;
  const next = typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>) : {};
  target[key] = next;
  setAt(next, rest, value);
}

function readAt(source: unknown, path: readonly string[]): unknown {
  let value = source;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function schemaAt(schema: PlainSchema, path: readonly string[]): PlainSchema {
  return path.reduce((at, key) => at.properties?.[key] ?? {}, schema);
}
