import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { BegunSession, FoundSession, NewSession, SessionDirectory } from '../http/sign-in/sessions.ts';
import type { Database } from './database.ts';
import { hashKey, readKeySalt } from './key-hash.ts';
import { type PrincipalRow, toPrincipal } from './principal-row.ts';

export interface SessionTimes {
  /** Time without a request after which a session ends. */
  readonly sessionIdleTimeoutMs: number;
  /** Time after which it ends in any case. */
  readonly sessionLifetimeMs: number;
}

/** A cookie is replaced when it is this old: one that was copied is worth that much less. */
const rotationMs = 60 * 60_000;
/**
 * How long requests that were on their way with the old cookie are taken, and how long a new cookie has to
 * come back before another one is handed out.
 */
const graceMs = 60_000;
/** The time of the last use is written this often. */
const useNoteMs = 60_000;

interface SessionRow extends PrincipalRow {
  readonly name: string;
  readonly hash: Buffer;
  readonly next_hash: Buffer | null;
  readonly rotate_time: Date;
  readonly next_time: Date | null;
  readonly use_time: Date;
  readonly expire_time: Date;
}

/**
 * Sessions in the table sessions: each use reads it, so that what is ended is over at once, on all servers.
 * A cookie that was replaced and comes again after its grace was copied: its session ends.
 */
export function createSessionDirectory(
  db: Database,
  times: SessionTimes,
  now: () => number,
): SessionDirectory {
  const hashOf = async (token: string) => hashKey(await readKeySalt(db), `session ${token}`);
  const end = async (name: string) => {
    await sql`delete from sessions where name = ${name}`.execute(db);
  };
  return {
    async begin(session) {
      const token = makeToken();
      return beginSession(db, session, { token, hash: await hashOf(token) }, now(), times.sessionLifetimeMs);
    },
    async find(token) {
      const [hash, nowMs] = [await hashOf(token), now()];
      const row = await readSession(db, hash);
      if (row === null || isOver(row, nowMs, times)) return null;
      const isCurrent = row.hash.equals(hash);
      const isNext = row.next_hash?.equals(hash) === true;
      if (!isCurrent && !isNext && nowMs - row.rotate_time.getTime() > graceMs) {
        await end(row.name);
        return null;
      }
      if (isNext) await acceptNext(db, row.name, hash, nowMs);
      await noteUse(db, row, nowMs);
      const nextToken = isCurrent && isRotationDue(row, nowMs) ? makeToken() : null;
      const isHandedOut = nextToken !== null && (await storeNext(db, row, await hashOf(nextToken), nowMs));
      return describeFound(row, isHandedOut ? nextToken : null);
    },
    end,
  };
}

function makeToken(): string {
  return randomBytes(32).toString('base64url');
}

function describeFound(row: SessionRow, nextToken: string | null): FoundSession {
  const id = row.name.slice(row.name.lastIndexOf('/') + 1);
  return {
    principal: { ...toPrincipal(row, `session-${id}`), session: row.name },
    nextToken,
    expireTime: row.expire_time,
  };
}

function isOver(row: SessionRow, nowMs: number, times: SessionTimes): boolean {
  const idleMs = nowMs - row.use_time.getTime();
  return nowMs >= row.expire_time.getTime() || idleMs >= times.sessionIdleTimeoutMs;
}

function isRotationDue(row: SessionRow, nowMs: number): boolean {
  const isWaiting = row.next_time !== null && nowMs - row.next_time.getTime() < graceMs;
  return nowMs - row.rotate_time.getTime() >= rotationMs && !isWaiting;
}

async function beginSession(
  db: Database,
  { user, provider, fromAddress, userAgent }: NewSession,
  { token, hash }: { readonly token: string; readonly hash: Buffer },
  nowMs: number,
  lifetimeMs: number,
): Promise<BegunSession | null> {
  const [createTime, expireTime] = [new Date(nowMs), new Date(nowMs + lifetimeMs)];
  await sql`delete from sessions where expire_time < ${createTime}`.execute(db);
  const { rows } = await sql<{ name: string }>`
    insert into sessions (name, account, user_name, hash, rotate_time, create_time, use_time, expire_time,
      provider, from_address, user_agent)
    select 'accounts/' || account || '/sessions/' || ${randomUUID()}::text, account, name, ${hash},
      ${createTime}::timestamptz, ${createTime}::timestamptz, ${createTime}::timestamptz,
      ${expireTime}::timestamptz, ${provider}, ${fromAddress}, ${userAgent}
    from users where name = ${user} and not is_service_account returning name`.execute(db);
  const [made] = rows;
  return made === undefined ? null : { name: made.name, token, expireTime };
}

async function readSession(db: Database, hash: Buffer): Promise<SessionRow | null> {
  const { rows } = await sql<SessionRow>`
    select sessions.name, sessions.account, user_name, hash, next_hash, rotate_time, next_time, use_time,
      expire_time, role, is_service_account, stop_text, log_requests
    from sessions
    join users on users.name = sessions.user_name
    join accounts on accounts.id = sessions.account
    where hash = ${hash} or next_hash = ${hash} or previous_hash = ${hash}`.execute(db);
  return rows[0] ?? null;
}

/** The new cookie came back: it is the one from here on. Of requests that bring it at once, one does this. */
async function acceptNext(db: Database, name: string, hash: Buffer, nowMs: number): Promise<void> {
  await sql`
    update sessions set previous_hash = hash, hash = next_hash, next_hash = null, next_time = null,
      rotate_time = ${new Date(nowMs)}
    where name = ${name} and next_hash = ${hash}`.execute(db);
}

/** False when another request handed out a new cookie meanwhile. */
async function storeNext(db: Database, row: SessionRow, nextHash: Buffer, nowMs: number): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update sessions set next_hash = ${nextHash}, next_time = ${new Date(nowMs)}
    where name = ${row.name} and hash = ${row.hash} and next_time is not distinct from ${row.next_time}`.execute(
    db,
  );
  return numAffectedRows === 1n;
}

async function noteUse(db: Database, row: SessionRow, nowMs: number): Promise<void> {
  if (nowMs - row.use_time.getTime() < useNoteMs) return;
  await sql`update sessions set use_time = ${new Date(nowMs)} where name = ${row.name}`.execute(db);
}
