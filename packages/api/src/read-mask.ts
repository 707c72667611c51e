import { invalidField } from './api-error.ts';
import { findField } from './field-types.ts';
import type { PlainSchema } from './problem.ts';

/** Fields to return, as paths; null: all. */
export type ReadMask = readonly (readonly string[])[] | null;

/** Reads a `readMask` value: a comma list of fields, nested ones with dots; empty or `*`: everything. */
export function readReadMask(text: string | undefined, schema: PlainSchema): ReadMask {
  const names = (text ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0 || names.includes('*')) return null;
  return names.map((name) => {
    const field = findField(schema, name.split('.'));
    if (field === null) throw invalidField('readMask', `readMask: there is no field '${name}'`);
    return field.path;
  });
}

/** A copy with only the masked fields. */
export function applyReadMask<T extends object>(resource: T, mask: ReadMask): T | Partial<T> {
  if (mask === null) return resource;
  return pick(resource as Record<string, unknown>, mask) as Partial<T>;
}

function pick(
  source: Record<string, unknown>,
  paths: readonly (readonly string[])[],
): Record<string, unknown> {
  const picked: Record<string, unknown> = {};
  for (const key of Object.keys(source)) {
    const below = paths.filter((path) => path[0] === key);
    if (below.length === 0) continue;
    const value = source[key];
    const isWhole = below.some((path) => path.length === 1) || typeof value !== 'object' || value === null;
    picked[key] = isWhole
      ? value
      : pick(
          value as Record<string, unknown>,
          below.map((path) => path.slice(1)),
        );
  }
  return picked;
}
