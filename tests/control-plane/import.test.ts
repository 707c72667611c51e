import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyCheckpoint } from '@sparkler/llama';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type S3Double, startS3Double } from '../../packages/server/src/blobs/s3-double.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

let bucket: S3Double;
let plane: ControlPlane;
let folder: string;
const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);
const models = '/v1/accounts/acme/models';
const credentials = { accessKeyId: 'AKIA-TEST', accessSecret: 'the-secret-of-the-caller' };

beforeAll(async () => {
  bucket = await startS3Double();
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'platform');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'its secret');
  // The platform's own files lie in a bucket as well, so that all of this goes over S3.
  plane = await startControlPlane({
    SPARKLER_IMPORT_ENDPOINT: bucket.endpoint,
    SPARKLER_BLOBS: 's3://platform/files',
    SPARKLER_BLOBS_ENDPOINT: bucket.endpoint,
    SPARKLER_BLOBS_REGION: 'r',
  });
  folder = await mkdtemp(join(tmpdir(), 'sparkler-import-'));
  await writeTinyCheckpoint(folder);
  for (const name of await readdir(folder)) {
    bucket.objects.set(`models/mine/${name}`, await readFile(join(folder, name)));
  }
});
afterAll(async () => {
  await plane.close();
  await bucket.close();
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
    .poll(async () => (await call('GET', `${models}/imported`)).body, { timeout: 20_000 })
    .toMatchObject({ state: 'READY', contextLength: 512 });
  const { body } = await call('GET', `${models}/imported:getDownloadEndpoint`);
  const url = body.filenameToSignedUrls['config.json'];
  expect(await (await fetch(url)).text()).toBe(await readFile(join(folder, 'config.json'), 'utf8'));
});

test('an import that fails says why in the model, and leaves no files', async () => {
  const before = [...bucket.objects.keys()];
  await importFrom('empty', { s3Bucket: 'theirs', s3Path: 'nothing/here', ...credentials });
  await expect
    .poll(async () => (await call('GET', `${models}/empty`)).body.status.message, { timeout: 20_000 })
    .toContain('s3://theirs/nothing/here holds no files');
  expect([...bucket.objects.keys()]).toEqual(before);
});

test.each([
  [{}, 'awsS3Source.s3Bucket'],
  [{ s3Bucket: 'b', roleArn: 'arn:aws:iam::1:role/x' }, 'awsS3Source.roleArn'],
  [{ s3Bucket: 'b', accessKeyId: 'only' }, 'awsS3Source.accessSecret'],
])('%j is refused, naming the field', async (source, field) => {
  const { status, body } = await importFrom('refused', source);
  expect(status).toBe(400);
  expect(body.details[0].fieldViolations[0].field).toBe(field);
});

test('credentials are in no table', async () => {
  const { rows } = await plane.database.pool.query(
    `select (select string_agg(audit_logs::text, '') from audit_logs)
         || (select string_agg(models::text, '') from models) as everything`,
  );
  expect(rows[0].everything).toContain('importModel');
  expect(rows[0].everything).not.toContain(credentials.accessSecret);
});
