import { once } from 'node:events';
import { EventEmitter } from 'node:stream';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { listenForNotices, type NoticeListener } from './notices.ts';
import { openTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;
let listener: NoticeListener;
const heard = new EventEmitter();
const problems: Error[] = [];

beforeAll(async () => {
  database = await openTestDatabase();
  const connected = Promise.all([once(heard, 'keys'), once(heard, 'routing')]);
  listener = listenForNotices(
    database.address,
    { sparkler_keys: () => heard.emit('keys'), sparkler_routing: () => heard.emit('routing') },
    (error) => problems.push(error),
  );
  // Both handlers run once on connecting: whatever came before was missed.
  await connected;
});
afterAll(async () => {
  await listener.close();
  await database.close();
});

test('a change of any routing table is told', async () => {
  const told = once(heard, 'routing');
  await database.db.insertInto('accounts').values({ id: 'acme' }).execute();
  await database.db
    .insertInto('models')
    .values({ name: 'accounts/acme/models/m', account: 'acme', kind: 'HF_BASE_MODEL', state: 'READY' })
    .execute();
  await told;
});

test('a change of what keys mean is told', async () => {
  const told = once(heard, 'keys');
  await database.db.updateTable('accounts').set({ suspend_state: 'BLOCKED_BY_ABUSE_RULE' }).execute();
  await told;
});

test('a lost connection is made again, and everything counts as changed', async () => {
  const again = Promise.all([once(heard, 'keys'), once(heard, 'routing')]);
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%'`.execute(
    database.db,
  );
  await again;
  expect(problems.length).toBeGreaterThan(0);
  const told = once(heard, 'routing');
  await database.db.updateTable('models').set({ description: 'changed' }).execute();
  await told;
});
