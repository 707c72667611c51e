import type { FieldSchema } from '../contract.ts';
import { parseDuration } from '../flags/duration.ts';

/** A field that differs from what a file declares. */
export interface Difference {
  readonly field: string;
  /** Null for fields that are written and never shown (keys): they are sent each time. */
  readonly current: unknown;
  readonly wanted: unknown;
  /** Set at creation only. */
  readonly isFixed: boolean;
}

/** Top-level fields that must change for a resource to be as declared; others are not compared. */
export function compareSpec(
  schema: FieldSchema,
  current: Readonly<Record<string, unknown>>,
  spec: Readonly<Record<string, unknown>>,
): Difference[] {
  return Object.entries(spec).flatMap(([field, wanted]) => {
    const fieldSchema = schema.properties?.[field] ?? {};
    const access = fieldSchema['x-access'];
    if (access === 'secret') return [{ field, current: null, wanted, isFixed: false }];
    if (isSame(fieldSchema, current[field], wanted)) return [];
    return [{ field, current: current[field], wanted, isFixed: access === 'create' }];
  });
}

function isSame(schema: FieldSchema, current: unknown, wanted: unknown): boolean {
  if (isMessage(wanted)) {
    const now = isMessage(current) ? current : {};
    return Object.entries(wanted).every(([key, value]) =>
      isSame(schema.properties?.[key] ?? {}, now[key], value),
    );
  }
  if (schema.format === 'google-duration' && typeof wanted === 'string')
    return current === parseDuration(wanted, 'duration');
  // 64-bit integers are strings in JSON; files may have them as numbers.
  if (schema.format === 'int64') return String(current ?? '0') === String(wanted);
  if (typeof wanted === 'string' && typeof current === 'string' && current.startsWith('accounts/'))
    return current === wanted || (!wanted.includes('/') && current.split('/').at(-1) === wanted);
  return JSON.stringify(current ?? null) === JSON.stringify(wanted ?? null);
}

function isMessage(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The part of a resource that a file can declare: fields that may be set, are shown, and are set. */
export function selectSpec(
  schema: FieldSchema,
  resource: Readonly<Record<string, unknown>>,
): Record<string, unknown> {
  const entries = Object.entries(schema.properties ?? {}).flatMap(([field, inner]) => {
    const access = inner['x-access'];
    const value = resource[field];
    if (access === 'output' || access === 'secret' || isEmpty(value)) return [];
    if (inner.properties === undefined || !isMessage(value)) return [[field, value] as const];
    const nested = selectSpec(inner, value);
    return Object.keys(nested).length === 0 ? [] : [[field, nested] as const];
  });
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  return (
    value === undefined ||
    value === null ||
    value === '' ||
    value === false ||
    value === 0 ||
    value === '0' ||
    (isMessage(value) && Object.keys(value).length === 0) ||
    (typeof value === 'string' && value.endsWith('_UNSPECIFIED'))
  );
}
