import { afterAll, beforeAll, expect, test } from 'vitest';
import { readGatewayLoads, writeGatewayLoads } from '../../store/gateway-loads.ts';
import { openTestDatabase, type TestDatabase } from '../../store/testing.ts';
import { applyRetention } from './apply-retention.ts';

const dayMs = 24 * 3_600_000;
const nameOf = (id: string, account = 'acme') => `accounts/${account}/deployments/${id}`;
let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  const { db } = database;
  await db
    .insertInto('accounts')
    .values([{ id: 'acme' }, { id: 'fireworks' }])
    .execute();
  const model = {
    name: 'accounts/acme/models/m',
    account: 'acme',
    kind: 'HF_BASE_MODEL',
    state: 'READY',
  } as const;
  await db.insertInto('models').values(model).execute();
  const row = { account: 'acme', base_model: model.name };
  await db
    .insertInto('deployments')
    .values([
      { ...row, name: nameOf('unused') },
      { ...row, name: nameOf('used') },
      { ...row, name: nameOf('always'), min_replica_count: 1 },
      { ...row, name: nameOf('shared', 'fireworks'), account: 'fireworks' },
      {
        ...row,
        name: nameOf('gone'),
        delete_time: new Date(),
        purge_time: new Date(),
        observed_state: 'deleted',
      },
    ])
    .execute();
});
afterAll(() => database.close());

test('a week later what nobody asked for is deleted, and what was deleted is purged; another week, and so is that', async () => {
  const { db } = database;
  let nowMs = Date.now() + 8 * dayMs;
  const load = { concurrent: 2, requests: 9, tokens: 40, isActive: true };
  await writeGatewayLoads(db, 'g1', [{ deployment: nameOf('used'), ...load }], new Date(nowMs - dayMs));
  const steps: string[] = [];
  const asked: string[] = [];
  const look = () =>
    applyRetention({
      db,
      queue: { request: async ({ name }: { name: string }) => void asked.push(name) } as never,
      providerAccount: 'fireworks',
      now: () => nowMs,
      onStep: ({ kind, name }) => void steps.push(`${kind} ${name}`),
    });
  await look();
  expect(steps.sort()).toEqual([`delete ${nameOf('unused')}`, `purge ${nameOf('gone')}`]);
  expect(asked).toEqual([nameOf('unused')]);
  await db
    .updateTable('deployments')
    .set({ observed_state: 'deleted' })
    .where('name', '=', nameOf('unused'))
    .execute();
  nowMs += 7 * dayMs;
  await look();
  const left = await db.selectFrom('deployments').select(['name', 'delete_time']).orderBy('name').execute();
  expect(left.map(({ name, delete_time }) => [name, delete_time !== null])).toEqual([
    [nameOf('always'), false],
    [nameOf('used'), true],
    [nameOf('shared', 'fireworks'), false],
  ]);
  // A gateway that has been silent since runs nothing.
  expect(await readGatewayLoads(db, new Date(nowMs))).toMatchObject([
    { concurrent: 0, requests: 9, tokens: 40 },
  ]);
});
