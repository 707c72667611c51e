import { type Field, type FilterValue, invalidField, type ListQuery, type PageCursor } from '@sparkler/api';
import { sql } from 'kysely';
import { type FieldMap, type Sql, scalarSql } from './field-sql.ts';
import { valueSql } from './filter-sql.ts';

/** One key of an order in SQL. The last one of an order is unique and never null. */
export interface OrderSql {
  readonly sql: Sql;
  readonly descending: boolean;
  readonly isNullable: boolean;
  readonly field: Field;
}

const newestFirst = {
  field: { path: ['createTime'], type: { kind: 'timestamp' } },
  descending: true,
} as const;

/**
 * The order of a list: the caller's keys or newest first, then the unique key, so that no two rows are equal.
 * It goes in the direction of the key before it: one index then serves both.
 */
export function readOrder(query: ListQuery, fields: FieldMap, uniqueKey: Sql): OrderSql[] {
  const keys = query.orderBy.length > 0 ? query.orderBy : [newestFirst];
  const order = keys.map(({ field, descending }) => ({
    ...scalarSql(field, fields, 'orderBy'),
    descending,
    field,
  }));
  const last: OrderSql = {
    sql: sql`${uniqueKey} collate "C"`,
    descending: keys.at(-1)?.descending === true,
    isNullable: false,
    field: { path: ['name'], type: { kind: 'string' } },
  };
  return [...order, last];
}

/** `order by` of an order. Postgres puts nulls last, or first when descending, as the contract does. */
export function orderBySql(order: readonly OrderSql[]): Sql {
  return sql.join(order.map((key) => (key.descending ? sql`${key.sql} desc` : sql`${key.sql}`)));
}

/** The keys of a row as they travel in a page token. */
export function cursorSql(order: readonly OrderSql[]): Sql {
  const parts = order.map(({ sql: value, field }) => {
    switch (field.type.kind) {
      case 'timestamp':
        return sql`(extract(epoch from ${value}) * 1000)::bigint`;
      case 'int64':
        return sql`(${value})::text`;
      default:
        return value;
    }
  });
  return sql`after_limit(jsonb_build_array(${sql.join(parts)}))`;
}

/**
 * The condition that a row comes after a cursor. Throws ApiError (400) for a cursor that does not fit the
 * order.
 */
export function afterSql(order: readonly OrderSql[], cursor: PageCursor): Sql {
  if (cursor.length !== order.length) throw damagedToken();
  const values = cursor.map((value, index) => readCursorValue(value, order[index]!));
  let condition: Sql = sql`false`;
  for (let index = order.length - 1; index >= 0; index -= 1) {
    const key = order[index]!;
    const value = values[index] ?? null;
    condition = sql`(${beyond(key, value)} or (${same(key, value)} and ${condition}))`;
  }
  const [first] = order;
  // Says again what the condition implies, in the one form for which Postgres reads an index from there on.
  if (first === undefined || first.isNullable || values[0] === null) return condition;
  return sql`(${first.sql} ${sql.raw(first.descending ? '<=' : '>=')} ${keyValue(first, values[0]!)} and ${condition})`;
}

function beyond(key: OrderSql, value: FilterValue): Sql {
  if (value === null) return key.descending ? sql`(${key.sql} is not null)` : sql`false`;
  const isBeyond = sql`${key.sql} ${sql.raw(key.descending ? '<' : '>')} ${keyValue(key, value)}`;
  if (!key.isNullable) return sql`(${isBeyond})`;
  return key.descending
    ? sql`coalesce(${isBeyond}, false)`
    : sql`(${key.sql} is null or coalesce(${isBeyond}, false))`;
}

function same(key: OrderSql, value: FilterValue): Sql {
  if (value === null) return sql`(${key.sql} is null)`;
  return key.isNullable
    ? sql`(${key.sql} is not distinct from ${keyValue(key, value)})`
    : sql`(${key.sql} = ${keyValue(key, value)})`;
}

function keyValue(key: OrderSql, value: NonNullable<FilterValue>): Sql {
  return valueSql(value, key.field.type);
}

/** Tokens are not signed: what comes back may be anything and must not become an error of the database. */
function readCursorValue(value: PageCursor[number], { field, isNullable }: OrderSql): FilterValue {
  if (value === null) {
    if (isNullable) return null;
    throw damagedToken();
  }
  switch (field.type.kind) {
    case 'timestamp':
      // The times that a JavaScript date holds.
      if (typeof value === 'number' && Math.abs(value) <= 8.64e15) return value;
      break;
    case 'number':
    case 'duration':
      if (typeof value === 'number') return value;
      break;
    case 'int64':
      if (typeof value === 'string' && /^-?\d{1,19}$/.test(value)) return BigInt(value);
      break;
    case 'boolean':
      if (typeof value === 'boolean') return value;
      break;
    default:
      if (typeof value === 'string' && !value.includes('\0')) return value;
  }
  throw damagedToken();
}

function damagedToken() {
  return invalidField('pageToken', 'pageToken is damaged; send nextPageToken unchanged');
}
