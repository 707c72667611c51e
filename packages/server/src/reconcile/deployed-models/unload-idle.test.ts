import { afterAll, beforeAll, expect, test } from 'vitest';
import { openReconcileQueue, type ReconcileQueue } from '../../store/reconcile-queue.ts';
import { openTestDatabase, type TestDatabase } from '../../store/testing.ts';
import { unloadIdleAddons } from './unload-idle.ts';

let database: TestDatabase;
let queue: ReconcileQueue;
const dayMs = 24 * 3_600_000;
const beginMs = Date.parse('2026-03-01T00:00:00Z');
const base = 'accounts/fireworks/models/base';
const shared = 'accounts/fireworks/deployments/shared';
const own = 'accounts/acme/deployments/own';
const model = (id: string) => `accounts/acme/models/${id}`;

beforeAll(async () => {
  database = await openTestDatabase();
  queue = await openReconcileQueue(database.address, { works: false, onError: () => undefined });
  const { db } = database;
  await db
    .insertInto('accounts')
    .values([{ id: 'acme' }, { id: 'fireworks' }])
    .execute();
  const models = ['used', 'unused', 'dedicated'].map((id) => ({ name: model(id), account: 'acme' }));
  const ready = { kind: 'HF_PEFT_ADDON', state: 'READY' } as const;
  await db
    .insertInto('models')
    .values([{ name: base, account: 'fireworks' }, ...models].map((row) => ({ ...row, ...ready })))
    .execute();
  await db
    .insertInto('deployments')
    .values([
      { name: shared, account: 'fireworks', base_model: base },
      { name: own, account: 'acme', base_model: base },
    ])
    .execute();
  const row = (id: string, deployment: string, adapter: string | null = model(id)) => ({
    name: `accounts/acme/deployedModels/${id}`,
    account: 'acme',
    model: id === 'base' ? base : model(id),
    deployment,
    adapter,
    create_time: new Date(beginMs),
  });
  await db
    .insertInto('deployed_models')
    .values([row('used', shared), row('unused', shared), row('dedicated', own), row('base', shared, null)])
    .execute();
});
afterAll(async () => {
  await queue.close();
  await database.close();
});

async function use(id: string, timeMs: number): Promise<void> {
  await database.pool.query(
    `insert into usage (request_id, account, user_name, api_key_id, model, deployment, endpoint, prompt_tokens,
       cached_prompt_tokens, completion_tokens, status, start_time, duration_ms)
     values ($1, 'acme', 'u', 'k', $2, $3, 'chat', 1, 0, 1, 200, $4, 1)`,
    [`${id}-${timeMs}`, model(id), shared, new Date(timeMs)],
  );
}

async function lookAt(timeMs: number): Promise<string[]> {
  const unloaded: string[] = [];
  const onUnload = (name: string) => void unloaded.push(name.split('/').at(-1)!);
  await unloadIdleAddons({ db: database.db, queue, now: () => timeMs, onUnload });
  return unloaded;
}

test('an addon on a shared deployment goes a week after its last use; own deployments keep theirs', async () => {
  await use('used', beginMs + 2 * dayMs);
  expect(await lookAt(beginMs + 6.9 * dayMs)).toEqual([]);
  expect(await lookAt(beginMs + 7.1 * dayMs)).toEqual(['unused']);
  expect(await lookAt(beginMs + 8.9 * dayMs)).toEqual([]);
  await use('used', beginMs + 8.95 * dayMs);
  expect(await lookAt(beginMs + 9.1 * dayMs)).toEqual([]);
  expect(await lookAt(beginMs + 16 * dayMs)).toEqual(['used']);
  expect(await lookAt(beginMs + 400 * dayMs)).toEqual([]);
  const left = await database.db
    .selectFrom('deployed_models')
    .select('name')
    .where('delete_time', 'is', null)
    .execute();
  expect(left.map(({ name }) => name.split('/').at(-1)).sort()).toEqual(['base', 'dedicated']);
});
