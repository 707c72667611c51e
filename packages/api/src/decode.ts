import { ApiError, type FieldViolation, invalidField } from './api-error.ts';
import { toCamelCase, typeOf } from './field-types.ts';
import type { PlainSchema, Problem } from './problem.ts';
import { joinPath } from './problem.ts';
import { suggestWord } from './suggest-word.ts';
import type { Checker } from './validate.ts';

/**
 * A control-plane body as protobuf-JSON readers take it, ready for the check: null means unset and is left
 * out, 64-bit integers may be numbers, fields that only the server sets are dropped (AIP-203: clients send
 * back what they read). Unknown fields stay, so that the check names them.
 */
export function normalizeInput(schema: PlainSchema, value: unknown): unknown {
  // Goes no deeper than the schema, so that no body can overflow the stack.
  const { items } = schema;
  if (Array.isArray(value)) return items ? value.map((item) => normalizeInput(items, item)) : value;
  if (typeof value === 'object' && value !== null)
    return normalizeObject(schema, value as Record<string, unknown>);
  const isInt64 = schema.type === 'string' && schema.format === 'int64';
  return isInt64 && Number.isSafeInteger(value) ? String(value) : value;
}

function normalizeObject(schema: PlainSchema, value: Record<string, unknown>): Record<string, unknown> {
  const [mapValue] = Object.values(schema.patternProperties ?? {});
  const entries: [string, unknown][] = [];
  for (const [key, item] of Object.entries(value)) {
    const inner = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : mapValue;
    const isFree = inner === undefined || typeOf(inner).kind === 'json';
    if (inner?.['x-access'] === 'output' || (item === null && !isFree)) continue;
    entries.push([key, isFree ? item : normalizeInput(inner, item)]);
  }
  return Object.fromEntries(entries);
}

/** Checks a body after normalizing it. Throws ApiError (400) naming the field. */
export function decodeBody<T>(schema: PlainSchema, checker: Checker<T>, body: unknown): T {
  const result = checker.check(normalizeInput(schema, body ?? {}));
  if (result.ok) return result.value;
  throw toInvalid([result.problem]);
}

/** Required fields that are missing or empty, also in messages that are there. */
export function findMissing(schema: PlainSchema, value: unknown, path = ''): Problem[] {
  if (typeof value !== 'object' || value === null) return [];
  const fields = value as Record<string, unknown>;
  return Object.entries(schema.properties ?? {}).flatMap(([key, inner]) => {
    if (inner['x-access'] === 'output') return [];
    const field = joinPath(path, key);
    if (inner['x-required'] === true && isEmpty(inner, fields[key])) {
      return [{ field, message: `missing field '${key}'${path === '' ? '' : ` in ${path}`}` }];
    }
    const item = fields[key];
    if (!Array.isArray(item)) return findMissing(inner, item, field);
    return item.flatMap((each, index) => findMissing(inner.items ?? {}, each, `${field}[${index}]`));
  });
}

/** Throws ApiError (400) naming every required field that is missing. */
export function checkRequired(schema: PlainSchema, value: unknown): void {
  const missing = findMissing(schema, value);
  if (missing.length > 0) throw toInvalid(missing);
}

function isEmpty(schema: PlainSchema, value: unknown): boolean {
  if (value === undefined || value === null || value === '') return true;
  return schema.enum?.[0] === value && String(value).endsWith('_UNSPECIFIED');
}

function toInvalid(problems: readonly Problem[]): ApiError {
  const violations = problems.map((problem): FieldViolation => {
    return { field: problem.field, description: problem.message };
  });
  return new ApiError('INVALID_ARGUMENT', problems.map((problem) => problem.message).join('; '), violations);
}

/** Query parameters as they come from a URL. */
export type RawQuery = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * Query parameters with the types of a schema (text, flags, numbers, lists of them). camelCase and snake_case
 * names. Throws ApiError (400) naming an unknown or wrong one.
 */
export function decodeQuery<T>(schema: PlainSchema, checker: Checker<T>, query: RawQuery): T {
  const values: Record<string, unknown> = {};
  for (const [name, raw] of Object.entries(query)) {
    if (raw === undefined) continue;
    const key = toCamelCase(name);
    const inner = Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : undefined;
    if (!inner) throw unknownParameter(schema, name);
    if (Object.hasOwn(values, key)) throw invalidField(key, `the query parameter ${key} is there twice`);
    const value = readParameter(inner, raw, key);
    if (value !== undefined) values[key] = value;
  }
  const result = checker.check(values);
  if (!result.ok) throw toInvalid([result.problem]);
  checkRequired(schema, result.value);
  return result.value;
}

function readParameter(schema: PlainSchema, raw: string | readonly string[], key: string): unknown {
  if (schema.type === 'array') {
    const items = typeof raw === 'string' ? [raw] : raw;
    return items.map((item) => readParameter(schema.items ?? {}, item, key));
  }
  if (typeof raw !== 'string') throw invalidField(key, `the query parameter ${key} is there twice`);
  if (schema.type === 'string') return raw;
  if (raw === '') return undefined;
  if (schema.type === 'boolean')
    return raw === 'true' || raw === '1' ? true : raw === 'false' || raw === '0' ? false : raw;
  return /^-?\d+(?:\.\d+)?$/.test(raw) ? Number(raw) : raw;
}

function unknownParameter(schema: PlainSchema, name: string): ApiError {
  const suggestion = suggestWord(name, Object.keys(schema.properties ?? {}));
  const hint = suggestion === null ? '' : `; did you mean '${suggestion}'?`;
  return invalidField(name, `unknown query parameter '${name.slice(0, 64)}'${hint}`);
}
