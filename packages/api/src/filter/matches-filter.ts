import type { Field, FieldType } from '../field-types.ts';
import type { Filter, FilterValue } from './filter.ts';

/**
 * Runs a filter over a resource as it is in JSON. What the store's SQL must agree with, and the way to filter
 * lists that are not rows.
 */
export function matchesFilter(filter: Filter, resource: unknown): boolean {
  switch (filter.kind) {
    case 'and':
      return filter.of.every((part) => matchesFilter(part, resource));
    case 'or':
      return filter.of.some((part) => matchesFilter(part, resource));
    case 'not':
      return !matchesFilter(filter.of, resource);
    case 'compare':
      return matchesComparison(readField(resource, filter.field), filter.operator, filter.value);
    case 'like': {
      const text = readField(resource, filter.field);
      return (typeof text === 'string' && matchesPieces(text, filter.pieces)) !== filter.isNegated;
    }
    case 'contains': {
      const text = readField(resource, filter.field);
      return typeof text === 'string' && text.toLowerCase().includes(filter.text.toLowerCase());
    }
    case 'has-element': {
      const elements = readRaw(resource, filter.field.path);
      return (
        Array.isArray(elements) && elements.some((element) => isElement(element, filter.field, filter.value))
      );
    }
    case 'has-key': {
      const entries = readRaw(resource, filter.field.path);
      return isObject(entries) && Object.hasOwn(entries, filter.key);
    }
    case 'is-set':
      return isSet(readField(resource, filter.field), filter.field.type);
  }
}

function matchesComparison(actual: FilterValue | object, operator: string, wanted: FilterValue): boolean {
  if (operator === '=') return actual === wanted;
  if (operator === '!=') return actual !== wanted;
  if (actual === null || wanted === null) return false;
  const order = compareValues(actual as FilterValue, wanted);
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}

/**
 * Negative, zero or positive. Text by code point, not by UTF-16 unit, as Postgres orders under collation "C".
 */
export function compareValues(left: FilterValue, right: FilterValue): number {
  if (typeof left === 'string' && typeof right === 'string') return compareText(left, right);
  if (left === right) return 0;
  return left! < right! ? -1 : 1;
}

function compareText(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = a[index]!.codePointAt(0)! - b[index]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

/**
 * Greedy from the left is right here: the first piece is a prefix, the last a suffix, the rest in order
 * between.
 */
export function matchesPieces(text: string, pieces: readonly string[]): boolean {
  const first = pieces[0]!;
  const last = pieces.at(-1)!;
  if (text.length < first.length + last.length || !text.startsWith(first) || !text.endsWith(last))
    return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = text.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= text.length - last.length;
}

/** The value of a field, typed as filters compare it; zero values for what is unset. */
export function readField(resource: unknown, field: Field): FilterValue | object {
  return toValue(readRaw(resource, field.path), field.type.kind, field);
}

function toValue(raw: unknown, kind: Field['type']['kind'], field: Field): FilterValue | object {
  switch (kind) {
    case 'string':
      return typeof raw === 'string' ? raw : '';
    case 'enum':
      return typeof raw === 'string' ? raw : field.type.kind === 'enum' ? (field.type.words[0] ?? '') : '';
    case 'boolean':
      return raw === true;
    case 'number':
      return typeof raw === 'number' ? raw : 0;
    case 'int64':
      return typeof raw === 'string' && raw !== '' ? BigInt(raw) : 0n;
    case 'timestamp':
      return typeof raw === 'string' ? Date.parse(raw) : null;
    case 'duration':
      return typeof raw === 'string' ? Number(raw.slice(0, -1)) : null;
    default:
      return isObject(raw) ? raw : null;
  }
}

function isElement(element: unknown, field: Field, wanted: FilterValue): boolean {
  if (field.type.kind !== 'list') return false;
  const item: Field = { path: [], type: field.type.item };
  return toValue(element, item.type.kind, item) === wanted;
}

/** An empty list or map is not set; an empty message is (`userUploaded: {}` says something). */
function isSet(value: FilterValue | object, type: FieldType): boolean {
  if (type.kind === 'message' || type.kind === 'json') return value !== null;
  if (isObject(value)) return Object.keys(value).length > 0;
  if (type.kind === 'enum') return value !== type.words[0];
  return value !== null && value !== '' && value !== 0 && value !== 0n && value !== false;
}

function readRaw(resource: unknown, path: readonly string[]): unknown {
  let value = resource;
  for (const key of path) {
    if (!isObject(value) || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
