import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRoutingTable } from './routing-table.ts';
import { openTestDatabase, type TestDatabase } from './testing.ts';

let database: TestDatabase;

beforeAll(async () => {
  database = await openTestDatabase();
  const { db } = database;
  await db.insertInto('accounts').values({ id: 'acme' }).execute();
  const model = {
    account: 'acme',
    kind: 'HF_BASE_MODEL',
    context_length: 8192,
    supports_chat: true,
  } as const;
  await db
    .insertInto('models')
    .values([
      { ...model, name: 'accounts/acme/models/m', state: 'READY', is_public: true },
      { ...model, name: 'accounts/acme/models/uploading', state: 'UPLOADING' },
    ])
    .execute();
  const deployment = { account: 'acme', base_model: 'accounts/acme/models/m' };
  await db
    .insertInto('deployments')
    .values([
      { ...deployment, name: 'accounts/acme/deployments/d', observed_state: 'ready' },
      {
        ...deployment,
        name: 'accounts/acme/deployments/gone',
        observed_state: 'deleted',
        delete_time: new Date(),
      },
      {
        ...deployment,
        name: 'accounts/acme/deployments/going',
        observed_state: 'ready',
        delete_time: new Date(),
      },
    ])
    .execute();
  await db
    .insertInto('deployed_models')
    .values([
      {
        name: 'accounts/acme/deployedModels/x',
        account: 'acme',
        model: 'accounts/acme/models/m',
        deployment: 'accounts/acme/deployments/d',
        is_default: true,
        observed_state: 'deployed',
      },
      {
        name: 'accounts/acme/deployedModels/orphan',
        account: 'acme',
        model: 'accounts/acme/models/m',
        deployment: 'accounts/acme/deployments/gone',
      },
    ])
    .execute();
  const replica = { deployment: 'accounts/acme/deployments/d', generation: 1, node: 'n' };
  await db
    .insertInto('replicas')
    .values([
      { ...replica, id: 'r1', socket_path: '/run/r1.sock', state: 'ready' },
      { ...replica, id: 'r2', base_url: 'http://10.0.0.2:8000', state: 'starting' },
    ])
    .execute();
});
afterAll(() => database.close());

test('before it is loaded the table is empty', () => {
  const snapshot = createRoutingTable(database.db).current();
  expect(snapshot.version).toBe(0);
  expect(snapshot.deployments.size).toBe(0);
});

test('a snapshot holds what can serve, and nothing that is gone or unfinished', async () => {
  const table = createRoutingTable(database.db);
  await table.load();
  const { version, models, deployments, deployedModels } = table.current();
  expect(version).toBe(1);
  expect([...models.keys()]).toEqual(['accounts/acme/models/m']);
  expect([...deployedModels.keys()]).toEqual(['accounts/acme/deployedModels/x']);
  expect(deployments.get('accounts/acme/deployments/d')).toMatchObject({
    state: 'ready',
    replicas: [
      { id: 'r1', address: { socketPath: '/run/r1.sock' }, state: 'ready' },
      { id: 'r2', address: { baseUrl: 'http://10.0.0.2:8000' }, state: 'starting' },
    ],
  });
  expect(deployments.get('accounts/acme/deployments/going')?.state).toBe('stopping');
  expect(deployments.has('accounts/acme/deployments/gone')).toBe(false);
});

test('a snapshot that somebody holds does not change; the next one does', async () => {
  const table = createRoutingTable(database.db);
  await table.load();
  const held = table.current();
  const told: number[] = [];
  table.onChange((snapshot) => told.push(snapshot.version));
  await database.db.updateTable('replicas').set({ state: 'draining' }).where('id', '=', 'r1').execute();
  await table.load();
  const stateOf = (snapshot: typeof held) =>
    snapshot.deployments.get('accounts/acme/deployments/d')?.replicas[0]?.state;
  expect([stateOf(held), stateOf(table.current())]).toEqual(['ready', 'draining']);
  expect(told).toEqual([2]);
});
