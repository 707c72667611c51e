import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import type { MasterKey } from '../blobs/key-file.ts';
import type { Database } from './database.ts';

/**
 * The keys of accounts, which lie in the database encrypted under the master key, made on first use and kept
 * in memory.
 */
export function createAccountKeys(db: Database, master: MasterKey): (account: string) => Promise<Buffer> {
  const known = new Map<string, Promise<Buffer>>();
  return (account) => {
    const found = known.get(account) ?? readKey(db, master, account);
    known.set(account, found);
    // A failure is not for ever: the database may be back with the next file.
    found.catch(() => known.delete(account));
    return found;
  };
}

async function readKey(db: Database, master: MasterKey, account: string): Promise<Buffer> {
  const purpose = `the key of accounts/${account}`;
  const sealed = await master.seal(randomBytes(32), purpose);
  // Of two servers that make one at once, the first wins.
  await sql`
    insert into account_keys (account, wrapped) values (${account}, ${sealed}) on conflict do nothing`.execute(
    db,
  );
  const { rows } = await sql<{ wrapped: Buffer }>`
    select wrapped from account_keys where account = ${account}`.execute(db);
  return master.open(rows[0]!.wrapped, purpose);
}
