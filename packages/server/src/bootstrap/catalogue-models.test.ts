import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCatalogue } from '../catalogue/index.ts';
import { openTestDatabase, type TestDatabase } from '../store/testing.ts';
import { catalogueModelName, publishCatalogue } from './catalogue-models.ts';
import { makeDefaultDeployment } from './default-deployment.ts';

let database: TestDatabase;
const catalogue = loadCatalogue('');
const model = catalogueModelName('fireworks', 'smollm2-135m-instruct');

beforeAll(async () => {
  database = await openTestDatabase();
  await database.db.insertInto('accounts').values({ id: 'fireworks' }).execute();
});
afterAll(() => database.close());

const readModel = () =>
  database.db.selectFrom('models').selectAll().where('name', '=', model).executeTakeFirstOrThrow();

test('the catalogue becomes public models, however often it is published', async () => {
  await publishCatalogue(database.db, 'fireworks', catalogue);
  await publishCatalogue(database.db, 'fireworks', catalogue);
  const rows = await database.db.selectFrom('models').select('name').execute();
  expect(rows).toHaveLength(catalogue.length);
  expect(await readModel()).toMatchObject({
    is_public: true,
    state: 'READY',
    supports_chat: true,
    licence: 'Apache-2.0',
  });
});

test('what the catalogue says is brought up to date, what an operator wrote stays', async () => {
  await database.db.updateTable('models').set({ display_name: 'Old', description: 'Ours' }).execute();
  await publishCatalogue(database.db, 'fireworks', catalogue);
  expect(await readModel()).toMatchObject({ display_name: 'SmolLM2 135M Instruct', description: 'Ours' });
});

test('the default model is deployed once, for everyone', async () => {
  const first = await makeDefaultDeployment(database.db, 'fireworks', model);
  const second = await makeDefaultDeployment(database.db, 'fireworks', model);
  expect(second).toEqual(first);
  const rows = await database.db.selectFrom('deployed_models').selectAll().execute();
  expect(rows).toMatchObject([{ name: first.deployedModel, model, is_default: true, is_public: true }]);
});

test('a default deployment that an operator deleted is not made again', async () => {
  const { deployment } = await makeDefaultDeployment(database.db, 'fireworks', model);
  await database.db.updateTable('deployments').set({ delete_time: new Date() }).execute();
  await database.db.deleteFrom('deployed_models').execute();
  await makeDefaultDeployment(database.db, 'fireworks', model);
  expect(await database.db.selectFrom('deployed_models').selectAll().execute()).toEqual([]);
  const row = await database.db
    .selectFrom('deployments')
    .selectAll()
    .where('name', '=', deployment)
    .executeTakeFirst();
  expect(row?.delete_time).not.toBeNull();
});
