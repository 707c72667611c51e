import { randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeTinyPeftFolder } from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hashKey, makeKey, readKeySalt } from '../../packages/server/src/store/key-hash.ts';
import { listReadyReplicas } from './engine-pool.ts';
import { startTinyTuning, type TinyTuning, tinyBase } from './fine-tuning-tiny.ts';

/** Adapters of two accounts that do not know each other, on the one engine that serves their base model. */

let tuning: TinyTuning;
const keys: Record<'local' | 'rival', string> = { local: '', rival: '' };
type Owner = keyof typeof keys;

beforeAll(async () => {
  tuning = await startTinyTuning();
  keys.local = tuning.platform.apiKey;
  keys.rival = await makeAccount('rival');
});
afterAll(() => tuning.stop());

async function makeAccount(account: string): Promise<string> {
  const { db } = tuning.database;
  const name = `accounts/${account}/users/owner`;
  await db
    .insertInto('accounts')
    .values({ id: account, tier: 'UNLIMITED' } as never)
    .execute();
  await db.insertInto('users').values({ name, account, role: 'admin', email: '' }).execute();
  const { key, prefix } = makeKey();
  const hash = hashKey(await readKeySalt(db), key);
  const row = { id: randomUUID(), account, user_name: name, prefix, hash, expire_time: null };
  await db.insertInto('api_keys').values(row).execute();
  return key;
}

// biome-ignore lint/suspicious/noExplicitAny: bodies are compared as they came
async function call(owner: Owner, method: string, path: string, body?: object): Promise<any> {
  const response = await fetch(tuning.platform.baseUrl + path, {
    method,
    headers: { authorization: `Bearer ${keys[owner]}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return { status: response.status, body: await response.json() };
}

async function upload(owner: Owner, seed: number): Promise<void> {
  const folder = join(tuning.platform.dataFolder, `adapter-${owner}`);
  await writeTinyPeftFolder(folder, { rank: 8, alpha: 64, seed });
  const models = `/v1/accounts/${owner}/models`;
  const peftDetails = { baseModel: tinyBase, r: 8, targetModules: ['q_proj'] };
  const model = { kind: 'HF_PEFT_ADDON', peftDetails };
  expect(await call(owner, 'POST', models, { modelId: 'tone', model })).toMatchObject({ status: 200 });
  const files = await Promise.all(
    (await readdir(folder)).map(async (name) => ({ name, bytes: await readFile(join(folder, name)) })),
  );
  const filenameToSize = Object.fromEntries(files.map(({ name, bytes }) => [name, String(bytes.length)]));
  const told = await call(owner, 'POST', `${models}/tone:getUploadEndpoint`, { filenameToSize });
  for (const { name, bytes } of files) {
    const url = told.body.filenameToSignedUrls[name];
    expect((await fetch(url, { method: 'PUT', body: new Uint8Array(bytes) })).status).toBe(200);
  }
  expect(await call(owner, 'GET', `${models}/tone:validateUpload`)).toMatchObject({ status: 200 });
  const deployedModel = { model: `accounts/${owner}/models/tone` };
  const made = await call(owner, 'POST', `/v1/accounts/${owner}/deployedModels`, deployedModel);
  expect(made).toMatchObject({ status: 200, body: { serverless: true } });
  await expect
    .poll(async () => (await call(owner, 'GET', `/v1/${made.body.name}`)).body.state, { timeout: 60_000 })
    .toBe('DEPLOYED');
  names[owner] = made.body.name;
}

const names: Record<Owner, string> = { local: '', rival: '' };
const prompt = 'the same words of a prompt that is long enough to be kept for whoever asks with it again';

const ask = (owner: Owner, model: string, more: object = {}) =>
  call(owner, 'POST', '/inference/v1/completions', {
    model,
    prompt,
    max_tokens: 24,
    temperature: 0,
    ignore_eos: true,
    ...more,
  });

async function answer(owner: Owner, model: string): Promise<string> {
  const { status, body } = await ask(owner, model);
  expect(status, JSON.stringify(body)).toBe(200);
  return body.choices[0].text;
}

test('each answers as it is, also when all are asked at once', async () => {
  // A key is known a moment after it was made.
  await expect
    .poll(async () => (await call('rival', 'GET', '/inference/v1/models')).status, { timeout: 30_000 })
    .toBe(200);
  await upload('local', 11);
  await upload('rival', 22);
  expect(await listReadyReplicas(tuning.platform, 'accounts/fireworks/deployments/tiny')).toHaveLength(1);
  const asked: [Owner, string][] = [
    ['local', 'accounts/local/models/tone'],
    ['rival', 'accounts/rival/models/tone'],
    ['rival', tinyBase],
    ['local', names.local],
  ];
  const alone: string[] = [];
  for (const [owner, model] of asked) alone.push(await answer(owner, model));
  const [local, rival, base, byName] = alone;
  expect(new Set([local, rival, base]).size).toBe(3);
  expect(byName).toBe(local);
  const together = await Promise.all([...asked, ...asked].map(([owner, model]) => answer(owner, model)));
  expect(together).toEqual([...alone, ...alone]);
});

test('nobody can ask, read or learn of what another account has loaded', async () => {
  const forms = (id: string) => [
    `accounts/local/models/${id}`,
    `local/${id}`,
    `accounts/local/deployedModels/${id}`,
    `accounts/local/models/${id}#accounts/fireworks/deployments/tiny`,
  ];
  const hidden = [...forms('tone'), names.local];
  const absent = [...forms('nothing'), 'accounts/local/deployedModels/nothing-1'];
  for (const [index, model] of hidden.entries()) {
    const refused = await ask('rival', model);
    const unknown = await ask('rival', absent[index]!);
    // What is there and hidden looks just like what is not there.
    const blank = (text: string, name: string) => text.replaceAll(name, '…');
    expect(refused.status).toBe(403);
    expect(blank(refused.body.error.message, model)).toBe(blank(unknown.body.error.message, absent[index]!));
  }
  const listed = JSON.stringify((await call('rival', 'GET', '/inference/v1/models')).body);
  expect(listed).toContain('accounts/rival/models/tone');
  expect(listed).not.toContain('local');
  for (const path of [
    '/v1/accounts/local/deployedModels',
    `/v1/${names.local}`,
    '/v1/accounts/local:listHosts',
  ]) {
    expect((await call('rival', 'GET', path)).status, path).toBe(403);
  }
  // Models may be public: of another account's, those are listed.
  const theirs = await call('rival', 'GET', '/v1/accounts/local/models');
  expect(theirs).toMatchObject({ status: 200, body: { models: [], totalSize: 0 } });
  expect((await call('rival', 'GET', '/v1/accounts/local/models/tone')).status).toBe(404);
});

test('a prompt that one account had computed is computed anew for another', async () => {
  const cached = async (owner: Owner) => {
    const { body } = await ask(owner, tinyBase, { prompt: `nobody had this before: ${prompt}` });
    return body.usage.prompt_tokens_details?.cached_tokens ?? 0;
  };
  // The token that begins every prompt may be there already.
  expect(await cached('local')).toBeLessThanOrEqual(1);
  expect(await cached('local')).toBeGreaterThan(20);
  expect(await cached('rival')).toBeLessThanOrEqual(1);
});
