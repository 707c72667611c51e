import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyCheckpoint, writeTinyPeftFolder } from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  findProcess,
  makeDataFolder,
  removeFolder,
  startTestServer,
  stopServer,
  type TestServer,
} from '../../packages/server/src/bootstrap/testing.ts';

/**
 * Work on models and datasets whose server is killed in the middle of it: what the next server can do by
 * itself it does, what it can't it says, and nothing of the first attempt stays on the disk.
 */
let dataFolder: string;
let sources: string;
let elsewhere: Server;
let address: string;
let server: TestServer;
/** While it is set, files from elsewhere come to half of them and then no further. */
let isStalled = true;
const stalled = new Set<string>();
const dataset = Array.from({ length: 3 }, (_, index) =>
  JSON.stringify({ prompt: `p${index}`, completion: 'c' }),
).join('\n');

beforeAll(async () => {
  dataFolder = await makeDataFolder();
  sources = await mkdtemp(join(tmpdir(), 'sparkler-killed-'));
  await writeTinyCheckpoint(join(sources, 'base'));
  const shape = { dim: 64, layers: 3, heads: 8, kvHeads: 2, feedForward: 96 };
  await writeTinyPeftFolder(join(sources, 'addon'), { ...shape, rank: 8, alpha: 16 });
  elsewhere = createServer((request, response) => void sendFile(request.url ?? '', response)).listen(0);
  await new Promise((listening) => elsewhere.once('listening', listening));
  address = `http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}`;
});
afterAll(async () => {
  elsewhere.closeAllConnections();
  await new Promise((closed) => elsewhere.close(closed));
  await removeFolder(dataFolder);
  await rm(sources, { recursive: true, force: true });
});

/** As much of a model hub as an import asks, and one dataset. */
async function sendFile(path: string, response: ServerResponse): Promise<void> {
  const names = await readdir(join(sources, 'base'));
  const contents = new Map<string, Buffer>([['/dataset.jsonl', Buffer.from(dataset)]]);
  for (const name of names)
    contents.set(`/tiny/base/resolve/main/${name}`, await readFile(join(sources, 'base', name)));
  if (path.startsWith('/api/models/tiny/base/tree/main')) {
    const entries = names.map((name) => {
      const content = contents.get(`/tiny/base/resolve/main/${name}`)!;
      const oid = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex');
      return { type: 'file', path: name, size: content.length, oid };
    });
    return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(entries));
  }
  const content = contents.get(path);
  if (content === undefined) return void response.writeHead(404).end();
  response.writeHead(200, { 'content-length': content.length });
  if (!isStalled || !/safetensors$|jsonl$/.test(path)) return void response.end(content);
  response.write(content.subarray(0, content.length / 2), () => stalled.add(path));
}

const start = () =>
  startTestServer({
    dataFolder,
    env: { SPARKLER_MODEL: '', HF_ENDPOINT: address, SPARKLER_ALLOW_PRIVATE_URLS: 'true' },
  });

// biome-ignore lint/suspicious/noExplicitAny: bodies are compared as they came
async function call(method: string, path: string, body?: unknown): Promise<any> {
  const key = (await readFile(join(dataFolder, 'api-key'), 'utf8')).trim();
  const response = await fetch(`${server.baseUrl}/v1/accounts/local${path}`, {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(json)}`);
  return json;
}

async function upload(id: string, source: string, model: object): Promise<void> {
  await call('POST', '/models', { modelId: id, model });
  const names = await readdir(source);
  const contents = await Promise.all(names.map((name) => readFile(join(source, name))));
  const filenameToSize = Object.fromEntries(
    names.map((name, index) => [name, String(contents[index]!.length)]),
  );
  const { filenameToSignedUrls } = await call('POST', `/models/${id}:getUploadEndpoint`, { filenameToSize });
  for (const [index, name] of names.entries()) {
    const body = new Uint8Array(contents[index]!);
    expect((await fetch(filenameToSignedUrls[name], { method: 'PUT', body })).status).toBe(200);
  }
  await call('GET', `/models/${id}:validateUpload`);
}

const patience = { timeout: 120_000, interval: 50 };

/** Every file of the blob store that is below a model or a dataset, without the random part of its path. */
async function listBlobs(): Promise<string[]> {
  const found = await readdir(join(dataFolder, 'blobs'), { recursive: true, withFileTypes: true });
  return found
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dataFolder.length))
    .sort();
}

test('jobs of a server that is killed are done by the next one, or say that they are cut off', async () => {
  server = await start();
  await upload('base', join(sources, 'base'), {});
  await upload('addon', join(sources, 'addon'), {
    peftDetails: { baseModel: 'base', r: 8, targetModules: ['q_proj', 'k_proj', 'v_proj', 'o_proj'] },
  });
  const before = await listBlobs();

  await call('POST', '/models', { modelId: 'imported', model: {} });
  const huggingFaceSource = { repository: 'tiny/base' };
  await call('POST', '/models/imported:import', { huggingFaceSource });
  await call('POST', '/datasets', {
    datasetId: 'fetched',
    dataset: { externalUrl: `${address}/dataset.jsonl` },
  });
  await expect.poll(() => stalled.size, patience).toBe(2);
  await call('POST', '/models/base:prepare', { precision: 'FP8' });
  const merge = await call('POST', '/PeftMergeJobs', { peftModel: 'addon', mergedModel: 'merged' });
  await expect.poll(() => findProcess(dataFolder, /engine\/src\/model-work\.ts/), patience).toBeDefined();
  expect((await call('GET', '/models/imported')).status).toMatchObject({ code: 'OK' });
  server.child.kill('SIGKILL');
  await server.ended;

  isStalled = false;
  server = await start();
  // Told by the time that the server answers.
  expect(await call('GET', '/models/imported')).toMatchObject({
    state: 'UPLOADING',
    status: { code: 'ABORTED', message: expect.stringMatching(/tiny\/base was cut off .* begin it again/) },
  });
  const isReady = async (path: string) => (await call('GET', path)).state === 'READY';
  await expect.poll(() => isReady('/datasets/fetched'), patience).toBe(true);
  await expect.poll(() => isReady('/models/merged'), patience).toBe(true);
  const job = merge.name.replace('accounts/local', '');
  expect((await call('GET', job)).state).toBe('JOB_STATE_COMPLETED');
  await expect.poll(async () => (await call('GET', '/models/base')).precisions, patience).toContain('FP8');
  await expect.poll(() => readdir(join(dataFolder, 'scratch')), patience).toEqual([]);
  // One file each for what was made; of what was cut off, nothing.
  const made = (await listBlobs()).filter((path) => !before.includes(path));
  const owners = made.map((path) => /\/local\/(\w+)\/(\w+)/.exec(path)?.slice(1).join(' ') ?? path);
  expect(owners.map((owner) => owner.replace(/ (prepare|merge).*| .*/, ' $1').trim()).sort()).toEqual([
    'base prepare',
    'fetched',
    'merged merge',
  ]);

  await call('POST', '/models/imported:import', { huggingFaceSource });
  await expect.poll(() => isReady('/models/imported'), patience).toBe(true);
  await stopServer(server);
}, 300_000);
