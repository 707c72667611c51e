import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fetchModel, loadCatalogue } from '../../packages/server/src/catalogue/index.ts';
import { makeBytes, sha256 } from '../../packages/server/src/catalogue/testing-files.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** Public models: their files are given out from where they lie, unless their licence says otherwise. */
let plane: ControlPlane;
let folder: string;
const content = makeBytes(100_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-public-'));
  await mkdir(join(folder, 'source'));
  await writeFile(join(folder, 'source', 'tiny.gguf'), content);
  const catalogueFile = join(folder, 'catalogue.json');
  const entries = ['open', 'gated', 'elsewhere'].map((name) => ({
    name,
    displayName: name,
    aliases: [],
    kind: 'chat',
    format: 'gguf',
    parameters: 1,
    contextTokens: 1,
    quantization: null,
    chatTemplate: null,
    supportsTools: false,
    priceClass: 'text-up-to-4b',
    licence: { name: 'A-1.0', url: `https://example.com/${name}`, gated: name === 'gated' },
    files: [{ path: 'tiny.gguf', sha256: sha256(content), sizeBytes: content.length }],
    sources: [{ kind: 'folder', path: join(folder, 'source') }],
  }));
  await writeFile(catalogueFile, JSON.stringify(entries));
  const cacheFolder = join(folder, 'cache');
  const fetched = loadCatalogue(catalogueFile).filter(({ name }) => name === 'open' || name === 'gated');
  for (const entry of fetched) await fetchModel(entry, { cacheFolder, env: {} });
  plane = await startControlPlane({ SPARKLER_CATALOGUE: catalogueFile, SPARKLER_CACHE: cacheFolder });
  for (const name of ['open', 'gated', 'elsewhere', 'unknown']) {
    await plane.database.pool.query(
      `insert into models (name, account, kind, state, is_public, catalogue_id)
       values ($1, 'fireworks', 'HF_BASE_MODEL', 'READY', true, $2)`,
      [`accounts/fireworks/models/${name}`, name],
    );
  }
});
afterAll(async () => {
  await plane.close();
  await rm(folder, { recursive: true });
});

const ask = (id: string) => plane.call('GET', `/v1/accounts/fireworks/models/${id}:getDownloadEndpoint`);

test('a public model is downloaded from the files of this machine, whole and in parts', async () => {
  const { filenameToSignedUrls: urls } = (await ask('open')).body;
  expect(Object.keys(urls)).toEqual(['tiny.gguf']);
  const whole = await fetch(urls['tiny.gguf']);
  expect(Buffer.from(await whole.arrayBuffer()).equals(content)).toBe(true);
  const part = await fetch(urls['tiny.gguf'], { headers: { range: 'bytes=10-19' } });
  expect(part.status).toBe(206);
  expect(Buffer.from(await part.arrayBuffer()).equals(content.subarray(10, 20))).toBe(true);
  const checked = await fetch(urls['tiny.gguf'], {
    method: 'HEAD',
    headers: { 'x-amz-checksum-mode': 'ENABLED' },
  });
  expect(checked.headers.get('content-length')).toBe(String(content.length));
  expect(checked.headers.get('x-amz-checksum-crc32')).toMatch(/^[\w+/]{6}==$/);
});

test('a URL of one file opens no other, and nothing can be written there', async () => {
  const { filenameToSignedUrls: urls } = (await ask('open')).body;
  const url: string = urls['tiny.gguf'];
  expect((await fetch(url.replace('tiny.gguf', 'verified.json'))).status).toBe(403);
  expect((await fetch(url.replace('/open/', '/gated/'))).status).toBe(403);
  expect((await fetch(url, { method: 'PUT', body: 'x' })).status).toBe(403);
});

test.each([
  ['gated', 'accepts its licence (A-1.0): https://example.com/gated'],
  ['elsewhere', 'not on this server, which fetches them when it is deployed'],
  ['unknown', 'not in the catalogue of this server any more'],
])('%s is refused with what to do', async (id, message) => {
  expect(await ask(id)).toMatchObject({
    status: 400,
    body: { code: 9, message: expect.stringContaining(message) },
  });
});

test('a file that was changed since it was verified is not given out', async () => {
  const { filenameToSignedUrls: urls } = (await ask('open')).body;
  await writeFile(join(folder, 'source', 'tiny.gguf'), 'something else');
  expect((await fetch(urls['tiny.gguf'])).status).toBe(404);
  expect((await ask('open')).body).toMatchObject({ code: 9 });
});

test('what another account uploaded is not given out, public or not', async () => {
  await plane.makeUser('other', 'olga', 'admin');
  await plane.database.pool.query(`
    insert into models (name, account, kind, state, is_public, blob_prefix) values
      ('accounts/other/models/shown', 'other', 'HF_BASE_MODEL', 'READY', true, 'models/other/shown/1'),
      ('accounts/other/models/hidden', 'other', 'HF_BASE_MODEL', 'READY', false, 'models/other/hidden/1'),
      ('accounts/acme/models/own', 'acme', 'HF_BASE_MODEL', 'READY', false, 'models/acme/own/1')`);
  const of = (name: string, key = plane.adminKey) =>
    plane.call('GET', `/v1/accounts/${name}:getDownloadEndpoint`, undefined, { key });
  expect((await of('other/models/shown')).status).toBe(403);
  expect((await of('other/models/hidden')).status).toBe(404);
  expect((await of('acme/models/own')).status).toBe(200);
  const inference = await plane.makeUser('acme', 'ian', 'inference-user');
  expect((await of('acme/models/own', inference)).status).toBe(403);
});
