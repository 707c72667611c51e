import type { ListPage, ListQuery, PageCursor } from '@sparkler/api';
import { sql } from 'kysely';
import type { DatabaseOrTransaction } from '../database.ts';
import type { FieldMap, Sql } from './field-sql.ts';
import { filterSql } from './filter-sql.ts';
import { afterSql, cursorSql, orderBySql, readOrder } from './order-sql.ts';

/** Rows that a list is made of. */
export interface ListSource {
  /** Tables and joins: what stands after `from`. */
  readonly from: Sql;
  /** What is selected; all columns of the tables when left out. */
  readonly columns?: Sql;
  /** Which rows the caller may see at all: parent, visibility, parameters of the method. */
  readonly scope: Sql;
  readonly fields: FieldMap;
  /** Text that no two rows share, such as the name. */
  readonly uniqueKey: Sql;
}

/**
 * One page of a list in SQL: filtered, ordered, cut after the cursor (by keys, so that rows made or removed
 * meanwhile neither repeat nor hide others), with the exact number of all matches. Agrees with `listItems` of
 * the contract.
 */
export async function listRows<Row extends object, Item>(
  db: DatabaseOrTransaction,
  source: ListSource,
  query: ListQuery,
  toItem: (row: Row) => Item,
): Promise<ListPage<Item>> {
  const order = readOrder(query, source.fields, source.uniqueKey);
  const scope =
    query.filter === null ? source.scope : sql`${source.scope} and ${filterSql(query.filter, source.fields)}`;
  const after = query.cursor === null ? sql`` : sql`and ${afterSql(order, query.cursor)}`;
  // One more than the page holds: its presence says that there is a next page.
  const page = sql<Row & { list_cursor: PageCursor }>`
    select ${source.columns ?? sql`*`}, ${cursorSql(order)} as list_cursor from ${source.from}
    where ${scope} ${after} order by ${orderBySql(order)} limit ${query.pageSize + 1}`;
  const { rows } = await page.execute(db);
  const shown = rows.slice(0, query.pageSize);
  const isLast = rows.length === shown.length;
  return {
    items: shown.map(toItem),
    nextCursor: isLast ? null : (shown.at(-1)?.list_cursor ?? null),
    totalSize: isLast && query.cursor === null ? shown.length : await countRows(db, source.from, scope),
  };
}

async function countRows(db: DatabaseOrTransaction, from: Sql, scope: Sql): Promise<number> {
  const counted = await sql<{ count: number }>`select count(*) as count from ${from} where ${scope}`.execute(
    db,
  );
  return counted.rows[0]?.count ?? 0;
}
