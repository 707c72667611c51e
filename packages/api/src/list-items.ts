import { invalidField } from './api-error.ts';
import type { Field } from './field-types.ts';
import type { FilterValue } from './filter/filter.ts';
import { compareValues, matchesFilter, readField } from './filter/matches-filter.ts';
import type { ListQuery } from './list-query.ts';
import type { ListPage } from './method.ts';
import type { OrderKey } from './order-by.ts';
import type { PageCursor } from './pages.ts';

/** Newest first, as lists are ordered when the caller does not say. */
const newestFirst: readonly OrderKey[] = [
  { field: { path: ['createTime'], type: { kind: 'timestamp' } }, descending: true },
];

/**
 * One page of a list that is in memory: filtered, ordered (ties by `keyOf`, which must be unique, in the
 * direction of the last key), cut after the cursor. What lists in SQL must agree with. Unset times and
 * durations come last, or first when descending, as Postgres orders nulls.
 */
export function listItems<T extends object>(
  items: readonly T[],
  query: ListQuery,
  keyOf: (item: T) => string,
): ListPage<T> {
  const order = query.orderBy.length > 0 ? query.orderBy : newestFirst;
  const { filter, cursor, pageSize } = query;
  const rows = items
    .filter((item) => filter === null || matchesFilter(filter, item))
    .map((item) => ({ item, keys: [...order.map(({ field }) => readKey(item, field)), keyOf(item)] }))
    .sort((left, right) => compareKeys(left.keys, right.keys, order));
  const after = cursor?.map((value, index) => fromCursor(value, order[index]?.field));
  const rest = after ? rows.filter((row) => compareKeys(row.keys, after, order) > 0) : rows;
  const page = rest.slice(0, pageSize);
  const last = rest.length > page.length ? page.at(-1) : undefined;
  return {
    items: page.map((row) => row.item),
    nextCursor: last ? toCursor(last.keys) : null,
    totalSize: rows.length,
  };
}

function readKey(item: object, field: Field): FilterValue {
  // Orders are over scalars only, so there is never an object here.
  return readField(item, field) as FilterValue;
}

function compareKeys(
  left: readonly FilterValue[],
  right: readonly FilterValue[],
  order: readonly OrderKey[],
): number {
  for (const [index, value] of left.entries()) {
    const difference = compareWithNull(value, right[index] ?? null);
    if (difference !== 0) return (order[index] ?? order.at(-1))?.descending ? -difference : difference;
  }
  return 0;
}

function compareWithNull(left: FilterValue, right: FilterValue): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  return compareValues(left, right);
}

/** 64-bit integers travel as text in a token. */
function toCursor(keys: readonly FilterValue[]): PageCursor {
  return keys.map((value) => (typeof value === 'bigint' ? String(value) : value));
}

function fromCursor(value: PageCursor[number], field: Field | undefined): FilterValue {
  if (field?.type.kind !== 'int64') return value;
  if (!/^-?\d{1,19}$/.test(String(value))) {
    throw invalidField('pageToken', 'pageToken is damaged; send nextPageToken unchanged');
  }
  return BigInt(String(value));
}
