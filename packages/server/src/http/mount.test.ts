import { ApiError, changeResource, type PageCursor } from '@sparkler/api';
import { auditLogs, datasets, deployments, type Model, models, users } from '@sparkler/api/resources';
import type { FastifyInstance } from 'fastify';
import type { Static } from 'typebox';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { aliceKey, bobKey, createTestbed, principal } from '../inference/testbed/testbed.ts';
import type { HandlersOf } from '../resources/handler.ts';
import { createApp } from './app.ts';
import { mountResource, toRoute } from './mount.ts';
import { targetPattern } from './mount-decode.ts';

type StoredModel = Static<typeof Model>;

/** Models in a map; pages by name. */
function modelHandlers(stored: Map<string, StoredModel>): HandlersOf<typeof models> {
  const find = (name: string) => {
    const found = stored.get(name);
    if (!found) throw new ApiError('NOT_FOUND', `there is no ${name}`);
    return found;
  };
  return {
    async list({ name, list }) {
      const [after] = list.cursor ?? [''];
      const all = [...stored.values()].filter((model) => model.name?.startsWith(`${name}/`));
      const rest = all
        .filter((model) => (model.name ?? '') > String(after))
        .sort((a, b) => (a.name! < b.name! ? -1 : 1));
      const items = rest.slice(0, list.pageSize);
      const nextCursor: PageCursor | null = rest.length > items.length ? [items.at(-1)?.name ?? ''] : null;
      return { items, nextCursor, totalSize: all.length };
    },
    get: async ({ name }) => find(name),
    async create({ name, id, resource }, caller) {
      const full = `${name}/models/${id}`;
      const model: StoredModel = {
        ...resource,
        name: full,
        state: 'UPLOADING',
        createdBy: caller.principal.user,
      };
      stored.set(full, model);
      return model;
    },
    async update({ name, updates }) {
      const next = changeResource(models, find(name), updates);
      stored.set(name, next);
      return next;
    },
    async delete({ name }) {
      find(name);
      stored.delete(name);
    },
    prepare: async ({ name, body }) => {
      find(name).description = `prepared at ${body.precision}`;
      return {};
    },
    validateUpload: async ({ query }) => ({ warnings: query.configOnly ? ['config only'] : [] }),
    validateConfig: async () => ({}),
  };
}

let app: FastifyInstance;
let stored: Map<string, StoredModel>;
const received: Record<string, unknown>[] = [];

beforeEach(() => {
  const testbed = createTestbed();
  const keys = new Map([
    [aliceKey, principal('alice', { role: 'admin' })],
    [bobKey, principal('bob')],
  ]);
  const context = { ...testbed.context, keys: { find: (key: string) => keys.get(key) ?? null } };
  stored = new Map();
  received.length = 0;
  app = createApp(context);
  mountResource(app, context, models, modelHandlers(stored));
  mountResource(app, context, deployments, {
    async scale(request) {
      received.push({ ...request });
      return {};
    },
    async create(request) {
      received.push({ ...request });
      return { ...request.resource, name: `${request.name}/deployments/${request.id ?? 'd1'}` };
    },
    async list(request) {
      received.push({ ...request });
      return { items: [], nextCursor: null, totalSize: 0 };
    },
  });
  mountResource(app, context, datasets, {
    async upload({ file }) {
      let bytes = 0;
      for await (const chunk of file!.content) bytes += chunk.length;
      return { filename: file!.filename, bytes, object: 'file' };
    },
  });
  mountResource(app, context, users, { create: async ({ resource }) => resource });
  mountResource(app, context, auditLogs, {
    list: async () => ({ items: [], nextCursor: null, totalSize: 0 }),
  });
});

afterEach(() => app.close());

async function call(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, body?: object, key = aliceKey) {
  const response = await app.inject({
    method,
    url,
    headers: { authorization: `Bearer ${key}` },
    ...(body === undefined ? {} : { payload: body }),
  });
  return { status: response.statusCode, body: response.json() };
}

const base = '/v1/accounts/alice/models';
const create = (modelId: string, model: object = {}) => call('POST', base, { modelId, model });

describe('a resource on the wire', () => {
  test('is created from a wrapped body and comes back with every field of the contract', async () => {
    const { status, body } = await create('m1', {
      displayName: 'One',
      kind: 'HF_BASE_MODEL',
      name: 'ignored',
    });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      name: 'accounts/alice/models/m1',
      displayName: 'One',
      state: 'UPLOADING',
      createdBy: 'accounts/alice/users/alice',
      description: '',
      contextLength: 0,
      public: false,
      peftDetails: null,
      deployedModelRefs: [],
      defaultSamplingParams: {},
    });
    expect(Object.keys(body)).toEqual(Object.keys(models.schema.properties));
  });

  test('is changed by the fields sent, or by the mask', async () => {
    await create('m1', { displayName: 'One', conversationConfig: { style: 'jinja', system: 's' } });
    const one = `${base}/m1`;
    expect((await call('PATCH', one, { description: 'd' })).body).toMatchObject({
      displayName: 'One',
      description: 'd',
    });
    const nested = await call('PATCH', one, { conversationConfig: { system: 'new' } });
    expect(nested.body.conversationConfig).toEqual({ style: 'jinja', system: 'new', template: '' });
    const masked = await call('PATCH', `${one}?updateMask=displayName`, { description: 'not set' });
    expect(masked.body).toMatchObject({ displayName: '', description: 'd' });
    const whole = (await call('GET', one)).body;
    expect((await call('PATCH', one, { ...whole, displayName: 'Two' })).body).toEqual({
      ...whole,
      displayName: 'Two',
    });
  });

  test('is read with a mask, deleted, and then gone', async () => {
    await create('m1', { displayName: 'One' });
    expect((await call('GET', `${base}/m1?readMask=displayName,state`)).body).toEqual({
      displayName: 'One',
      state: 'UPLOADING',
    });
    expect(await call('DELETE', `${base}/m1`)).toEqual({ status: 200, body: {} });
    expect(await call('GET', `${base}/m1`)).toEqual({
      status: 404,
      body: { code: 5, message: 'there is no accounts/alice/models/m1', details: [] },
    });
  });

  test('is listed page by page', async () => {
    for (const id of ['a', 'b', 'c']) await create(id);
    const first = (await call('GET', `${base}?pageSize=2&readMask=name`)).body;
    expect(first).toMatchObject({ models: [{ name: `accounts/alice/models/a` }, {}], totalSize: 3 });
    const second = (await call('GET', `${base}?page_size=2&pageToken=${first.nextPageToken}`)).body;
    expect(second.models.map((model: { name: string }) => model.name)).toEqual(['accounts/alice/models/c']);
    expect(second.nextPageToken).toBe('');
    const other = await call(
      'GET',
      `${base}?filter=${encodeURIComponent('state = READY')}&pageToken=${first.nextPageToken}`,
    );
    expect(other).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('pageToken belongs to') },
    });
  });
});

describe('verbs', () => {
  test('go to their handler, whatever HTTP method they have', async () => {
    await create('m1');
    expect(await call('POST', `${base}/m1:prepare`, { precision: 'FP8' })).toEqual({ status: 200, body: {} });
    expect(stored.get('accounts/alice/models/m1')?.description).toBe('prepared at FP8');
    expect((await call('GET', `${base}/m1:validateUpload?configOnly=true`)).body).toEqual({
      warnings: ['config only'],
    });
    expect((await call('PATCH', '/v1/accounts/alice/deployments/d:scale', { replicaCount: 2 })).status).toBe(
      200,
    );
    expect(received[0]).toMatchObject({ name: 'accounts/alice/deployments/d', body: { replicaCount: 2 } });
    expect((await call('POST', '/v1/validateModelConfig', { configJson: '{}' })).status).toBe(200);
  });

  test('and methods that have no handler are not offered', async () => {
    expect((await call('POST', `${base}/m1:import`, {})).status).toBe(404);
    expect((await call('GET', `${base}/m1:prepare`)).status).toBe(405);
  });
});

describe('requests that are wrong say where', () => {
  test.each([
    [
      'POST',
      base,
      { modelId: 'm', model: { dispalyName: 'x' } },
      "unknown field 'dispalyName' in model; did you mean 'displayName'?",
    ],
    ['POST', base, { model: {} }, "missing field 'modelId'"],
    ['POST', base, { modelId: 'Not An Id' }, 'modelId must be 1 to 63 of a-z, 0-9 and hyphen'],
    [
      'POST',
      base,
      { modelId: 'm', model: { peftDetails: { r: 8 } } },
      "missing field 'baseModel' in model.peftDetails",
    ],
    ['POST', base, { modelId: 'm', model: { kind: 'NEW' } }, 'model.kind must be one of'],
    ['GET', `${base}?pageSze=1`, undefined, "unknown query parameter 'pageSze'; did you mean 'pageSize'?"],
    ['GET', `${base}?filter=colour%3Dred`, undefined, "filter, column 1: there is no field 'colour'"],
    ['GET', `${base}?orderBy=nope`, undefined, "orderBy: there is no field 'nope'"],
    ['GET', `${base}/m1?readMask=nope`, undefined, "readMask: there is no field 'nope'"],
    ['PATCH', `${base}/m1`, { kind: 'HF_BASE_MODEL' }, 'kind can not be changed after creation'],
    ['PATCH', `${base}/m1?updateMask=state`, {}, 'updateMask: state is set by the server'],
    ['DELETE', `${base}/m1?force=true`, undefined, "unknown query parameter 'force'"],
    ['DELETE', `${base}/m1`, { force: true }, 'this method takes no body'],
    ['POST', `${base}/m1:prepare`, {}, "missing field 'precision'"],
    ['POST', '/v1/accounts/alice/deployments', { minReplicaCount: 1 }, "missing field 'baseModel'"],
    [
      'POST',
      '/v1/accounts/alice/deployments?deploymentId=1x',
      { baseModel: 'm' },
      'deploymentId must be 1 to 63',
    ],
  ] as const)('%s %s %j', async (method, url, body, expected) => {
    await create('m1', { kind: 'HF_PEFT_ADDON' });
    const answer = await call(method, url, body);
    expect(answer).toMatchObject({
      status: 400,
      body: { code: 3, message: expect.stringContaining(expected) },
    });
    expect(answer.body.details[0]).toMatchObject({ '@type': 'type.googleapis.com/google.rpc.BadRequest' });
  });

  test('and never reach the handler', async () => {
    await call('POST', '/v1/accounts/alice/deployments', { baseModel: 'm', minReplicaCount: -1 });
    await call('GET', '/v1/accounts/alice/deployments?showDeleted=perhaps');
    expect(received).toEqual([]);
    await call('GET', '/v1/accounts/alice/deployments?showDeleted=true');
    expect(received).toMatchObject([{ query: { showDeleted: true }, name: 'accounts/alice' }]);
  });

  test('names that can not be are 404', async () => {
    expect(await call('GET', `${base}/Bad_Id`)).toMatchObject({ status: 404, body: { code: 5 } });
  });
});

describe('who may do what', () => {
  test('keys are needed', async () => {
    const response = await app.inject({ url: base });
    expect(response.statusCode).toBe(401);
    expect(response.json()).toMatchObject({ code: 16 });
  });

  test('accounts are separate, except for what is public', async () => {
    await create('m1');
    expect((await call('GET', `${base}/m1`, undefined, bobKey)).status).toBe(200);
    expect(await call('DELETE', `${base}/m1`, undefined, bobKey)).toMatchObject({
      status: 403,
      body: { code: 7, message: 'your key is of account bob, this is of alice: use a key of that account' },
    });
    expect((await call('GET', '/v1/accounts/alice/deployments', undefined, bobKey)).status).toBe(403);
  });

  test('some methods are for administrators', async () => {
    const user = { email: 'x@example.com', role: 'user' };
    expect((await call('POST', '/v1/accounts/alice/users', user)).status).toBe(200);
    expect(await call('POST', '/v1/accounts/bob/users', user, bobKey)).toMatchObject({ status: 403 });
    expect((await call('GET', '/v1/accounts/bob/auditLogs', undefined, bobKey)).status).toBe(403);
  });
});

describe('files', () => {
  const upload = (payload: FormData | string, type?: string) =>
    app.inject({
      method: 'POST',
      url: '/v1/accounts/alice/datasets/d:upload',
      headers: {
        authorization: `Bearer ${aliceKey}`,
        ...(type === undefined ? {} : { 'content-type': type }),
      },
      payload,
    });

  test('arrive as a stream', async () => {
    const form = new FormData();
    form.append('file', new Blob(['{"messages": []}\n'.repeat(100_000)]), 'train.jsonl');
    const response = await upload(form);
    expect(response.json()).toMatchObject({ filename: 'train.jsonl', bytes: 1_700_000 });
  });

  test('in the wrong field, beside others or as JSON are refused', async () => {
    const wrong = new FormData();
    wrong.append('data', new Blob(['x']), 'x');
    expect((await upload(wrong)).json().message).toBe(
      "the form has a file in 'data'; send one file, in 'file'",
    );
    const purpose = new FormData();
    purpose.append('purpose', 'fine-tune');
    expect((await upload(purpose)).json().message).toBe("unknown form field 'purpose'; send only 'file'");
    expect((await upload(new FormData())).json().message).toBe("the form has no file in 'file'");
    expect((await upload('{}', 'application/json')).statusCode).toBe(400);
    expect((await upload('x', 'multipart/form-data')).json().message).toMatch(/^the form can't be read: /);
  });
});

test('routes and targets follow from paths', () => {
  expect(toRoute('/v1/accounts/{account}/models/{model}:prepare')).toBe(
    '/v1/accounts/:account/models/:model/~prepare',
  );
  expect(toRoute('/v1/accounts/{account}/apiKeys:delete')).toBe('/v1/accounts/:account/apiKeys/~delete');
  expect(targetPattern('/v1/accounts/{account}/models/{model}:prepare')).toBe(
    'accounts/{account}/models/{model}',
  );
  expect(targetPattern('/v1/accounts/{account}/apiKeys:delete')).toBe('accounts/{account}');
  expect(targetPattern('/v1/accounts')).toBe('');
  expect(targetPattern('/v1/validateModelConfig')).toBe('');
});
