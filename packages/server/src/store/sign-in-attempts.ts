import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { SignInAttempts } from '../http/sign-in/sessions.ts';
import type { Database } from './database.ts';
import { hashKey, readKeySalt } from './key-hash.ts';

/** Long enough to give a password and a second factor. */
const lifetimeMs = 10 * 60_000;

const makeToken = () => randomBytes(32).toString('base64url');

/** Attempts in the table sign_in_attempts, as hashes; each is taken by deleting it. */
export function createSignInAttempts(db: Database, now: () => number): SignInAttempts {
  const hashOf = async (what: string, token: string) =>
    hashKey(await readKeySalt(db), `sign-in ${what} ${token}`);
  const insert = async (hash: Buffer, browser: string, provider: string, email: string | null) => {
    const [time, expireTime] = [new Date(now()), new Date(now() + lifetimeMs)];
    await sql`delete from sign_in_attempts where expire_time < ${time}`.execute(db);
    await sql`
      insert into sign_in_attempts (hash, browser_hash, provider, email, expire_time)
      values (${hash}, ${await hashOf('browser', browser)}, ${provider}, ${email}, ${expireTime})`.execute(
      db,
    );
  };
  const take = async (what: string, state: string, browser: string, provider: string) => {
    const { rows } = await sql<{ email: string | null }>`
      delete from sign_in_attempts
      where hash = ${await hashOf(what, state)} and browser_hash = ${await hashOf('browser', browser)}
        and provider = ${provider} and expire_time > ${new Date(now())} returning email`.execute(db);
    return rows[0];
  };
  return {
    async begin(provider) {
      const [state, browser] = [makeToken(), makeToken()];
      await insert(await hashOf('state', state), browser, provider, null);
      return { state, browser };
    },
    take: async ({ state, browser, provider }) =>
      (await take('state', state, browser, provider)) !== undefined,
    async offer({ browser, provider, email }) {
      const token = makeToken();
      await insert(await hashOf('offer', token), browser, provider, email);
      return token;
    },
    takeOffer: async ({ state, browser, provider }) =>
      (await take('offer', state, browser, provider))?.email ?? null,
    async findPeople(email) {
      const { rows } = await sql<{ name: string }>`
        select name from users
        where lower(email) = lower(${email}) and email <> '' and not is_service_account order by name`.execute(
        db,
      );
      return rows.map(({ name }) => name);
    },
  };
}
