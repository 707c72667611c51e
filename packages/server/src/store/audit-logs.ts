import type { ListPage, ListQuery } from '@sparkler/api';
import type { AuditLogEntry } from '@sparkler/api/resources';
import { type Selectable, sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database } from './database.ts';
import { column, type FieldMap, json, namedColumns } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import type { AuditLogsTable } from './schema.ts';

type StoredAuditLog = Static<typeof AuditLogEntry>;

const fields: FieldMap = {
  ...namedColumns(
    'id',
    'createTime',
    'method',
    'principal',
    'resource',
    'status.code',
    'status.message',
    'message',
  ),
  // Lists are ordered by createTime unless told otherwise; entries call it timestamp.
  timestamp: column(sql`create_time`),
  payload: json(sql`payload`),
};

export interface AuditLogRange {
  readonly startTime: Date | null;
  readonly endTime: Date | null;
  readonly email: string;
}

export function listAuditLogs(
  db: Database,
  account: string,
  { startTime, endTime, email }: AuditLogRange,
  query: ListQuery,
): Promise<ListPage<StoredAuditLog>> {
  const conditions = [
    sql`account = ${account}`,
    ...(startTime === null ? [] : [sql`create_time >= ${startTime}`]),
    ...(endTime === null ? [] : [sql`create_time < ${endTime}`]),
    ...(email === '' ? [] : [sql`lower(principal) = lower(${email})`]),
  ];
  const scope = sql`${sql.join(conditions, sql` and `)}`;
  return listRows(db, { from: sql`audit_logs`, scope, fields, uniqueKey: sql`id` }, query, toAuditLog);
}

function toAuditLog(row: Selectable<AuditLogsTable>): StoredAuditLog {
  return {
    id: row.id,
    timestamp: row.create_time.toISOString(),
    method: row.method,
    principal: row.principal,
    resource: row.resource,
    payload: row.payload,
    status: {
      code: row.status_code as NonNullable<NonNullable<StoredAuditLog['status']>['code']>,
      message: row.status_message,
    },
    message: row.message,
  };
}
