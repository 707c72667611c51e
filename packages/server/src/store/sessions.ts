import type { ListPage, ListQuery } from '@sparkler/api';
import type { Session } from '@sparkler/api/resources';
import { sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database } from './database.ts';
import { column, type FieldMap, namedColumns, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';

type StoredSession = Static<typeof Session>;

interface ListedRow {
  readonly name: string;
  readonly user_name: string;
  readonly create_time: Date;
  readonly use_time: Date;
  readonly expire_time: Date;
  readonly provider: string;
  readonly from_address: string;
  readonly user_agent: string;
}

const fields: FieldMap = {
  ...namedColumns('name', 'createTime', 'expireTime', 'provider', 'fromAddress', 'userAgent'),
  user: column(sql`user_name`),
  lastUseTime: column(sql`use_time`),
  current: unset,
};

/**
 * Whose sessions: of one user, or with null of the whole account. Those that were not used since are over.
 */
export interface SessionOwner {
  readonly account: string;
  readonly user: string | null;
  readonly nowMs: number;
  readonly idleTimeoutMs: number;
}

/** Sessions that are not over. Hashes never leave the database. */
export function listSessions(
  db: Database,
  owner: SessionOwner,
  query: ListQuery,
): Promise<ListPage<StoredSession>> {
  const source = { from: sql`sessions`, scope: scopeOf(owner), fields, uniqueKey: sql`name` };
  return listRows(db, source, query, toSession);
}

export async function readOwnSession(
  db: Database,
  owner: SessionOwner,
  name: string,
): Promise<StoredSession | null> {
  const { rows } = await sql<ListedRow>`
    select * from sessions where ${scopeOf(owner)} and name = ${name}`.execute(db);
  return rows[0] === undefined ? null : toSession(rows[0]);
}

/** False when the owner has no such session. */
export async function deleteSession(db: Database, owner: SessionOwner, name: string): Promise<boolean> {
  const { numAffectedRows } = await sql`
    delete from sessions where ${scopeOf(owner)} and name = ${name}`.execute(db);
  return numAffectedRows === 1n;
}

function scopeOf({ account, user, nowMs, idleTimeoutMs }: SessionOwner) {
  const ofUser = user === null ? sql`` : sql`and user_name = ${user}`;
  const usedSince = new Date(nowMs - idleTimeoutMs);
  return sql`account = ${account} ${ofUser}
    and expire_time > ${new Date(nowMs)} and use_time > ${usedSince}`;
}

function toSession(row: ListedRow): StoredSession {
  return {
    name: row.name,
    user: row.user_name,
    createTime: row.create_time.toISOString(),
    lastUseTime: row.use_time.toISOString(),
    expireTime: row.expire_time.toISOString(),
    provider: row.provider,
    fromAddress: row.from_address,
    userAgent: row.user_agent,
  };
}
