import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { SignInLinks } from '../http/sign-in/sessions.ts';
import type { Database } from './database.ts';
import { hashKey, readKeySalt } from './key-hash.ts';

/** Long enough to switch to a browser, short enough that one left on a screen is worth nothing. */
const lifetimeMs = 10 * 60_000;

/** Links in the table sign_in_links, as hashes. */
export function createSignInLinks(db: Database, now: () => number): SignInLinks {
  const hashOf = async (token: string) => hashKey(await readKeySalt(db), `sign-in link ${token}`);
  return {
    async make(user) {
      const token = randomBytes(32).toString('base64url');
      const [createTime, expireTime] = [new Date(now()), new Date(now() + lifetimeMs)];
      await sql`delete from sign_in_links where expire_time < ${createTime}`.execute(db);
      const { numAffectedRows } = await sql`
        insert into sign_in_links (hash, user_name, create_time, expire_time)
        select ${await hashOf(token)}, name, ${createTime}::timestamptz, ${expireTime}::timestamptz
        from users where name = ${user} and not is_service_account`.execute(db);
      return numAffectedRows === 0n ? null : { token, expireTime };
    },
    async look(token) {
      const { rows } = await sql<{ user_name: string }>`
        select user_name from sign_in_links
        where hash = ${await hashOf(token)} and expire_time > ${new Date(now())}`.execute(db);
      return rows[0]?.user_name ?? null;
    },
    async take(token) {
      const { rows } = await sql<{ user_name: string }>`
        delete from sign_in_links
        where hash = ${await hashOf(token)} and expire_time > ${new Date(now())} returning user_name`.execute(
        db,
      );
      return rows[0]?.user_name ?? null;
    },
  };
}
