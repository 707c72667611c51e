import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

let plane: ControlPlane;
let otherKey: string;
beforeAll(async () => {
  plane = await startControlPlane();
  otherKey = await plane.makeUser('other', 'olga', 'admin');
});
afterAll(() => plane.close());

const models = '/v1/accounts/acme/models';
const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);
const make = (modelId: string, model: object = {}) => call('POST', models, { modelId, model });

async function setReady(id: string): Promise<void> {
  await plane.database.db
    .updateTable('models')
    .set({ state: 'READY' })
    .where('name', '=', `accounts/acme/models/${id}`)
    .execute();
}

describe('a model', () => {
  test('is made, read, changed and removed', async () => {
    const made = await make('first', {
      displayName: 'First',
      description: 'd',
      githubUrl: 'https://g.example',
    });
    expect(made.body).toMatchObject({
      name: 'accounts/acme/models/first',
      displayName: 'First',
      state: 'UPLOADING',
      kind: 'HF_BASE_MODEL',
      createdBy: 'accounts/acme/users/root',
      githubUrl: 'https://g.example',
      public: false,
      deployedModelRefs: [],
    });
    expect((await make('first')).status).toBe(409);
    const changed = await call('PATCH', `${models}/first`, { displayName: '', contextLength: 2048 });
    expect(changed.body).toMatchObject({ displayName: '', contextLength: 2048, description: 'd' });
    expect((await call('GET', `${models}/first`)).body).toEqual(changed.body);
    expect((await call('DELETE', `${models}/first`)).body).toEqual({});
    expect((await call('DELETE', `${models}/first`)).status).toBe(404);
  });

  test('of another account is hidden until it is public and ready', async () => {
    await make('private');
    await setReady('private');
    const read = (id: string) => call('GET', `${models}/${id}`, undefined, { key: otherKey });
    expect((await read('private')).status).toBe(404);
    await call('PATCH', `${models}/private`, { public: true });
    expect((await read('private')).status).toBe(200);
    const listed = await call('GET', models, undefined, { key: otherKey });
    expect(listed.body.models.map((model: { name: string }) => model.name)).toEqual([
      'accounts/acme/models/private',
    ]);
    expect((await call('PATCH', `${models}/private`, {}, { key: otherKey })).status).toBe(403);
    await call('PATCH', `${models}/private`, { public: false });
    expect((await read('private')).status).toBe(404);
  });

  test('shows where it is deployed, and is not removed while it is', async () => {
    await make('deployed');
    await setReady('deployed');
    const { db } = plane.database;
    const [account, model] = ['acme', 'accounts/acme/models/deployed'];
    const deployment = 'accounts/acme/deployments/d1';
    await db.insertInto('deployments').values({ name: deployment, account, base_model: model }).execute();
    const name = 'accounts/acme/deployedModels/dm1';
    await db
      .insertInto('deployed_models')
      .values({ name, account, model, deployment, is_default: true })
      .execute();
    const { body } = await call('GET', `${models}/deployed`);
    expect(body.deployedModelRefs).toEqual([
      { name, deployment, state: 'DEPLOYING', default: true, public: false },
    ]);
    const refused = await call('DELETE', `${models}/deployed`);
    expect(refused).toMatchObject({ status: 400, body: { code: 9, message: expect.stringContaining(name) } });
    await db.deleteFrom('deployments').where('name', '=', deployment).execute();
    expect((await call('DELETE', `${models}/deployed`)).status).toBe(200);
  });

  test.each([
    [{ kind: 'FIRE_AGENT' }, 'model.kind'],
    [{ kind: 'HF_PEFT_ADDON' }, 'peftDetails'],
    [
      { kind: 'HF_BASE_MODEL', peftDetails: { baseModel: 'b', r: 8, targetModules: ['q_proj'] } },
      'peftDetails',
    ],
    [{ peftDetails: { baseModel: 'missing', r: 8, targetModules: ['q_proj'] } }, 'peftDetails.baseModel'],
    [{ peftDetails: { baseModel: 'b', r: 2, targetModules: ['q_proj'] } }, 'model.peftDetails.r'],
    [{ defaultDraftModel: 'missing' }, 'defaultDraftModel'],
    [{ defaultDraftTokenCount: 3 }, 'defaultDraftTokenCount'],
    [{ kind: 'LIVE_MERGE' }, 'model.kind'],
    [{ teftDetails: {} }, 'teftDetails'],
    [{ snapshotType: 'INCREMENTAL_SNAPSHOT' }, 'snapshotType'],
    [{ conversationConfig: { style: 'alpaca' } }, 'conversationConfig.style'],
    [{ conversationConfig: { style: 'jinja' } }, 'conversationConfig.template'],
    [{ description: 'x'.repeat(1000) }, 'model.description'],
  ])('%j is refused, naming the field', async (model, field) => {
    const { status, body } = await make('wrong', model);
    expect(status).toBe(400);
    expect(body.details[0].fieldViolations[0].field).toBe(field);
  });

  test('merging an addon while it is served is refused, and names the job that merges', async () => {
    await make('live-base');
    const peftDetails = { baseModel: 'live-base', r: 8, targetModules: ['q_proj'] };
    const { body } = await make('live', { peftDetails: { ...peftDetails, mergeAddonModelName: 'x' } });
    expect(body).toMatchObject({ code: 3, message: expect.stringContaining('PeftMergeJob') });
    const deployed = await call('POST', '/v1/accounts/acme/deployedModels?replaceMergedAddon=true', {
      model: 'm',
    });
    expect(deployed.body.details[0].fieldViolations[0].field).toBe('replaceMergedAddon');
    const model = { model: 'm', serverless: true, deployment: 'd' };
    const both = await call('POST', '/v1/accounts/acme/deployedModels', model);
    expect(both.body.details[0].fieldViolations[0].field).toBe('serverless');
  });

  test('an addon keeps its base model by full name', async () => {
    await make('base');
    const { body } = await make('addon', {
      peftDetails: { baseModel: 'base', r: 8, targetModules: ['q_proj', 'v_proj'] },
    });
    expect(body).toMatchObject({
      kind: 'HF_PEFT_ADDON',
      peftDetails: { baseModel: 'accounts/acme/models/base' },
    });
  });
});
