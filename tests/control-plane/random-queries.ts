import type { PlainSchema } from '@sparkler/api';
import fc from 'fast-check';

/** Items as lists return them. */
export type Item = Readonly<Record<string, unknown>>;

/** Parameters of a list, except where its pages begin. */
export interface Query {
  readonly filter: string;
  readonly orderBy: string;
}

interface Scalar {
  readonly path: string;
  readonly kind: 'word' | 'text' | 'number' | 'flag' | 'time';
  /** As they stand in a filter. */
  readonly values: readonly string[];
}

/**
 * Filters and orders over the fields of a resource, comparing with values that its items have. Fields that
 * `isOpen` refuses are left out; orders are those of `orderFields` (null: all).
 */
export function queriesOver(
  schema: PlainSchema,
  items: readonly Item[],
  isOpen: (path: string) => boolean,
  orderFields: readonly string[] | null,
): fc.Arbitrary<Query> {
  const scalars = scalarsOf(schema, items, '').filter(({ path }) => isOpen(path));
  const comparison = fc.constantFrom(...scalars).chain(({ path, kind, values }) => {
    const isOrdered = kind !== 'word' && kind !== 'flag';
    const operators = isOrdered ? ['=', '!=', '<', '<=', '>', '>='] : ['=', '!='];
    return fc
      .tuple(fc.constantFrom(...operators), fc.constantFrom(...values))
      .map(([operator, value]) => `${path} ${operator} ${value}`);
  });
  const filter = fc.oneof(
    fc.constant(''),
    comparison,
    fc.tuple(comparison, comparison).map(([a, b]) => `${a} AND ${b}`),
    fc.tuple(comparison, comparison).map(([a, b]) => `${a} OR NOT ${b}`),
    fc.tuple(comparison, comparison, comparison).map(([a, b, c]) => `NOT (${a} OR ${b}) OR ${c}`),
  );
  const ordered = scalars.filter(({ path }) => orderFields === null || orderFields.includes(path));
  const key = fc
    .tuple(fc.constantFrom(...ordered.map(({ path }) => path)), fc.constantFrom('', ' desc'))
    .map(([path, direction]) => path + direction);
  const keys = fc.uniqueArray(key, { maxLength: 2, selector: (text) => text.split(' ')[0] });
  return fc.record({ filter, orderBy: keys.map((list) => list.join(', ')) });
}

/** Fields without parts, also those inside messages, with what the items hold there. */
function scalarsOf(schema: PlainSchema, items: readonly unknown[], prefix: string): Scalar[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, field]) => {
    if (field['x-access'] === 'secret') return [];
    const path = prefix + key;
    const found = items.map((item) => (item as Item | null)?.[key] ?? null);
    if (field.properties) return scalarsOf(field, found, `${path}.`);
    const kind = kindOf(field);
    if (kind === null) return [];
    const shown = found.flatMap((value) => (value === null ? [] : [showValue(kind, value)]));
    return [{ path, kind, values: [...new Set([...shown, ...constantsOf(kind, field)])] }];
  });
}

function kindOf(field: PlainSchema): Scalar['kind'] | null {
  if (field.enum) return 'word';
  if (field.type === 'boolean') return 'flag';
  if (field.type === 'integer' || field.type === 'number' || field.format === 'int64') return 'number';
  if (field.format === 'date-time') return 'time';
  return field.type === 'string' && field.format === undefined ? 'text' : null;
}

function showValue(kind: Scalar['kind'], value: unknown): string {
  if (kind === 'text') return `"${String(value).replaceAll(/["\\*]/g, '\\$&')}"`;
  return kind === 'time' ? `"${value}"` : String(value);
}

function constantsOf(kind: Scalar['kind'], field: PlainSchema): string[] {
  switch (kind) {
    case 'word':
      return [String(field.enum?.[0]), String(field.enum?.at(-1))];
    case 'flag':
      return ['true', 'false'];
    case 'number':
      return ['0', '1', '-1'];
    case 'time':
      return ['"2026-06-01T00:00:00Z"'];
    case 'text':
      return ['""', '"m"'];
  }
}
