import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyCheckpoint } from '@sparkler/llama';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type S3Double, startS3Double } from '../../packages/server/src/blobs/s3-double.ts';
import { type HubDouble, startHubDouble } from './hub-double.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

let bucket: S3Double;
let hub: HubDouble;
let plane: ControlPlane;
let folder: string;
const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);
const models = '/v1/accounts/acme/models';
const credentials = { accessKeyId: 'AKIA-TEST', accessSecret: 'the-secret-of-the-caller' };

beforeAll(async () => {
  bucket = await startS3Double();
  hub = await startHubDouble();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'platform');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'its secret');
  // The platform's own files lie in a bucket as well, so that all of this goes over S3.
  plane = await startControlPlane({
    SPARKLER_IMPORT_ENDPOINT: bucket.endpoint,
    HF_ENDPOINT: hub.endpoint,
    SPARKLER_BLOBS: 's3://platform/files',
    SPARKLER_BLOBS_ENDPOINT: bucket.endpoint,
    SPARKLER_BLOBS_REGION: 'r',
  });
  folder = await mkdtemp(join(tmpdir(), 'sparkler-import-'));
  await writeTinyCheckpoint(folder);
  for (const name of await readdir(folder)) {
    const content = await readFile(join(folder, name));
    bucket.objects.set(`models/mine/${name}`, content);
    for (const repository of ['tiny/llama', 'tiny/gated']) hub.files.set(`${repository}/${name}`, content);
  }
});
afterAll(async () => {
  await plane.close();
  await bucket.close();
  await hub.close();
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

async function importFrom(id: string, awsS3Source: object) {
  await call('POST', models, { modelId: id, model: {} });
  return call('POST', `${models}/${id}:import`, { awsS3Source });
}

test('a model is filled from a bucket and checked', async () => {
  const begun = await importFrom('imported', { s3Bucket: 'theirs', s3Path: '/models/mine/', ...credentials });
  expect(begun.body).toMatchObject({ done: false, metadata: { model: 'accounts/acme/models/imported' } });
  await expect
    .poll(async () => (await call('GET', `${models}/imported`)).body, { timeout: 120_000 })
    .toMatchObject({ state: 'READY', contextLength: 512 });
  const { body } = await call('GET', `${models}/imported:getDownloadEndpoint`);
  const url = body.filenameToSignedUrls['config.json'];
  expect(await (await fetch(url)).text()).toBe(await readFile(join(folder, 'config.json'), 'utf8'));
});

test('an import that fails says why in the model, and leaves no files', async () => {
  const before = [...bucket.objects.keys()];
  await importFrom('empty', { s3Bucket: 'theirs', s3Path: 'nothing/here', ...credentials });
  await expect
    .poll(async () => (await call('GET', `${models}/empty`)).body.status.message, { timeout: 120_000 })
    .toContain('s3://theirs/nothing/here holds no files');
  expect([...bucket.objects.keys()]).toEqual(before);
});

test.each([
  [{}, 'awsS3Source.s3Bucket'],
  [{ s3Bucket: 'b', roleArn: 'arn:aws:iam::1:role/x' }, 'awsS3Source.roleArn'],
  [{ s3Bucket: 'b', accessKeyId: 'only' }, 'awsS3Source.accessSecret'],
  // The platform's own buckets are readable to it, and nobody's to import.
  [{ s3Bucket: 'platform' }, 'awsS3Source.accessKeyId'],
])('%j is refused, naming the field', async (source, field) => {
  const { status, body } = await importFrom('refused', source);
  expect(status).toBe(400);
  expect(body.details[0].fieldViolations[0].field).toBe(field);
});

const statusOf = async (id: string) => (await call('GET', `${models}/${id}`)).body;

/** Begins an import and waits until the model is ready or says what failed. */
async function importWith(id: string, source: object, model: object = {}) {
  await call('POST', models, { modelId: id, model });
  const begun = await call('POST', `${models}/${id}:import`, source);
  if (begun.status !== 200) return begun.body;
  const isOver = async () => {
    const { state, status } = await statusOf(id);
    return state === 'READY' || status.code !== 'OK';
  };
  await expect.poll(isOver, { timeout: 120_000 }).toBe(true);
  return statusOf(id);
}

describe('from a model hub', () => {
  test('the files of a model are taken and no others, also over a connection that breaks', async () => {
    hub.files.set('tiny/llama/README.md', Buffer.from('# card'));
    hub.files.set('tiny/llama/a picture!.png', Buffer.from('png'));
    hub.files.set('tiny/llama/onnx/model.onnx', Buffer.from('onnx'));
    hub.files.set('tiny/llama/pytorch_model.bin', Buffer.from('the same weights again'));
    hub.cuts.set('tiny/llama/model.safetensors', 20_000);
    const model = await importWith('from-hub', { huggingFaceSource: { repository: 'tiny/llama' } });
    const origin = `${hub.endpoint}/tiny/llama`;
    expect(model).toMatchObject({ state: 'READY', importedFrom: origin, huggingFaceUrl: origin });
    expect(hub.cuts.size).toBe(0);
    const { body } = await call('GET', `${models}/from-hub:getDownloadEndpoint`);
    expect(Object.keys(body.filenameToSignedUrls).sort()).toEqual((await readdir(folder)).sort());
    const weights = await fetch(body.filenameToSignedUrls['model.safetensors']);
    expect(
      Buffer.from(await weights.arrayBuffer()).equals(await readFile(join(folder, 'model.safetensors'))),
    ).toBe(true);
  });

  test('a repository that needs a token is opened by the caller’s own, which is kept nowhere', async () => {
    hub.tokens.set('tiny/gated', 'hf_secret-of-the-caller');
    vi.stubEnv('HF_TOKEN', 'hf_secret-of-the-caller');
    const repository = 'tiny/gated';
    const refused = await importWith('no-token', { huggingFaceSource: { repository } });
    expect(refused.status.message).toMatch(
      /401: accept its licence at .*tiny\/gated.*huggingFaceSource.token/,
    );
    const token = 'hf_secret-of-the-caller';
    expect((await importWith('gated', { huggingFaceSource: { repository, token } })).state).toBe('READY');
    expect(hub.leaks).toEqual([]);
    const { rows } = await plane.database.pool.query(
      `select string_agg(audit_logs::text, '') || (select string_agg(models::text, '') from models) as everything from audit_logs`,
    );
    expect(rows[0].everything).not.toContain(token);
  });

  test('content that is not what the hub lists is refused, and leaves no files', async () => {
    const config = hub.files.get('tiny/llama/config.json')!;
    hub.files.set('tiny/changed/config.json', config);
    hub.files.set('tiny/changed/model.safetensors', Buffer.alloc(20_000));
    hub.cuts.set('tiny/changed/model.safetensors', 10_000);
    const weights = 'tiny/changed/model.safetensors';
    hub.afterCuts.set(weights, () => void hub.files.set(weights, Buffer.alloc(20_000, 'x')));
    const model = await importWith('changed', { huggingFaceSource: { repository: 'tiny/changed' } });
    expect(model.status.message).toContain('model.safetensors is not what the hub lists (sha256');
    expect([...bucket.objects.keys()].filter((key) => key.includes('/changed/'))).toEqual([]);
  });

  test.each([
    ['missing/one', /404/],
    ['../etc', /must be owner\/name/],
    ['a/b/c', /must be owner\/name/],
    ['a/..', /must be owner\/name/],
  ])('%s is refused', async (repository, message) => {
    const id = `r-${repository.replaceAll(/[^a-z]/g, '')}`;
    const answer = await importWith(id, { huggingFaceSource: { repository } });
    expect(answer.message ?? answer.status.message).toMatch(message);
  });
});

describe('from another model', () => {
  test('a copy has files of its own and outlives its source', async () => {
    await importWith(
      'original',
      { huggingFaceSource: { repository: 'tiny/llama' } },
      { displayName: 'Original' },
    );
    const copy = await importWith('copy', { sourceModel: 'original' });
    expect(copy).toMatchObject({
      state: 'READY',
      displayName: 'Original',
      contextLength: 512,
      importedFrom: 'accounts/acme/models/original',
    });
    expect((await call('DELETE', `${models}/original`)).status).toBe(200);
    const { body } = await call('GET', `${models}/copy:getDownloadEndpoint`);
    const config = await fetch(body.filenameToSignedUrls['config.json']);
    expect(await config.text()).toBe(await readFile(join(folder, 'config.json'), 'utf8'));
  });

  test('a model of the catalogue is copied by its name alone', async () => {
    await plane.database.pool.query(`insert into models (name, account, kind, state, is_public, catalogue_id, context_length,
      supports_chat) values ('accounts/fireworks/models/known', 'fireworks', 'HF_BASE_MODEL', 'READY', true, 'known', 128, true)`);
    const copy = await importWith('known', { sourceModel: 'known' }, { displayName: 'Mine' });
    expect(copy).toMatchObject({ state: 'READY', displayName: 'Mine', contextLength: 128, public: false });
    expect(copy.importedFrom).toBe('accounts/fireworks/models/known');
  });

  test('what the account can not see, is no model of that kind, or is the model itself is refused', async () => {
    await plane.database.pool.query(`insert into models (name, account, kind, state)
      values ('accounts/fireworks/models/hidden', 'fireworks', 'HF_BASE_MODEL', 'READY'),
        ('accounts/acme/models/embedder', 'acme', 'EMBEDDING_MODEL', 'READY')`);
    for (const sourceModel of ['accounts/fireworks/models/hidden', 'itself', 'embedder']) {
      const { details } = await importWith('itself', { sourceModel });
      expect(details[0].fieldViolations[0].field).toBe('sourceModel');
    }
    const both = { sourceModel: 'copy', huggingFaceSource: { repository: 'a/b' } };
    expect((await importWith('itself', both)).message).toContain('name one of');
  });
});

test('credentials are in no table', async () => {
  const { rows } = await plane.database.pool.query(
    `select (select string_agg(audit_logs::text, '') from audit_logs)
         || (select string_agg(models::text, '') from models) as everything`,
  );
  expect(rows[0].everything).toContain('importModel');
  expect(rows[0].everything).not.toContain(credentials.accessSecret);
});
