import { readFilter } from './filter/bind-filter.ts';
import type { Filter } from './filter/filter.ts';
import { type OrderKey, readOrderBy } from './order-by.ts';
import { decodePageToken, encodePageToken, type PageCursor, type PageLimits, readPageSize } from './pages.ts';
import type { PlainSchema } from './problem.ts';
import { type ReadMask, readReadMask } from './read-mask.ts';

/** The parameters every list method has, as sent. */
export interface ListParameters {
  readonly pageSize?: string;
  readonly pageToken?: string;
  readonly filter?: string;
  readonly orderBy?: string;
  readonly readMask?: string;
}

/** What to list. */
export interface ListQuery {
  readonly pageSize: number;
  /** Begin after this row; null: at the start. */
  readonly cursor: PageCursor | null;
  readonly filter: Filter | null;
  /** Empty: the default order, newest first. */
  readonly orderBy: readonly OrderKey[];
  readonly readMask: ReadMask;
  /** What page tokens are bound to; pass it to `nextPageToken`. */
  readonly key: string;
}

/**
 * Reads the parameters of a list over resources of a schema. `scope` is what else the result depends on
 * (parent name, further parameters), `orderFields` which fields have an order (null: all). Throws ApiError
 * (400) naming the parameter.
 */
export function readListQuery(
  schema: PlainSchema,
  parameters: ListParameters,
  scope: string,
  orderFields: readonly string[] | null = null,
  limits: PageLimits = {},
): ListQuery {
  const key = JSON.stringify([scope, parameters.filter ?? '', parameters.orderBy ?? '']);
  return {
    pageSize: readPageSize(parameters.pageSize, limits),
    cursor: decodePageToken(key, parameters.pageToken),
    filter: readFilter(parameters.filter, schema),
    orderBy: readOrderBy(parameters.orderBy, schema, orderFields),
    readMask: readReadMask(parameters.readMask, schema),
    key,
  };
}

/** The token of the page that follows; empty when this was the last one. */
export function nextPageToken(query: ListQuery, cursor: PageCursor | null): string {
  return cursor === null ? '' : encodePageToken(query.key, cursor);
}
