import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../http/app.ts';
import { createTestbed } from '../inference/testbed/testbed.ts';
import type { BlobStore } from './blob-store.ts';
import { openLocalStore } from './local-store.ts';
import { mountBlobs } from './mount-blobs.ts';
import { signUrl } from './signed-urls.ts';
import { chunksOf, hasOpenFile } from './testing.ts';

const secret = Buffer.from('a secret');
const chunk = Buffer.alloc(1024 * 1024, 'x');
let folder: string;
let baseUrl: string;
let blobs: BlobStore;
let close: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-blobs-'));
  blobs = await openLocalStore(folder);
  // Other requests must arrive within this time; uploads need not.
  const testbed = createTestbed({ requestReceiveTimeoutMs: 1_000 });
  const app = createApp(testbed.context);
  mountBlobs(app, { blobs, secret, now: Date.now, isOpen: async () => true });
  baseUrl = await app.listen({ port: 0, host: '127.0.0.1' });
  close = () => app.close();
});
afterAll(async () => {
  await close();
  await rm(folder, { recursive: true });
});

const urlOf = (key: string, sizeBytes: number) =>
  signUrl(secret, baseUrl, { method: 'PUT', key, expireTimeMs: Date.now() + 60_000, sizeBytes });

/** A PUT whose body the test sends piece by piece. */
function begin(url: string, length: number, headers: Record<string, string> = {}) {
  const outgoing = request(url, { method: 'PUT', headers: { 'content-length': length, ...headers } });
  const status = new Promise<number>((resolve, reject) => {
    outgoing.on('response', (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? 0);
    });
    outgoing.on('error', reject);
  });
  status.catch(() => undefined);
  return { outgoing, status };
}

const wait = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const partials = () => readdir(join(folder, 'partial'), { recursive: true });

test('an upload may take longer than other requests', async () => {
  const { outgoing, status } = begin(urlOf('s/slow', 4), 4);
  for (const letter of 'abcd') {
    outgoing.write(letter);
    await wait(900);
  }
  outgoing.end();
  expect(await status).toBe(200);
  expect((await blobs.stat('s/slow'))?.sizeBytes).toBe(4);
});

test('an upload whose client goes away leaves nothing', async () => {
  const { outgoing } = begin(urlOf('s/cut', 3 * chunk.length), 3 * chunk.length);
  outgoing.write(chunk);
  await expect.poll(async () => (await partials()).length).toBe(1);
  outgoing.destroy();
  await expect.poll(async () => (await partials()).length).toBe(0);
  expect(await blobs.stat('s/cut')).toBeNull();
});

test('a part whose client goes away keeps what came', async () => {
  const total = 3 * chunk.length;
  const range = { 'content-range': `bytes 0-${total - 1}/${total}` };
  const { outgoing } = begin(urlOf('s/part', total), total, range);
  outgoing.write(chunk);
  await expect.poll(() => blobs.keptBytes('s/part')).toBe(chunk.length);
  outgoing.destroy();
  await expect
    .poll(() => blobs.append('s/part', chunksOf(), { fromByte: 1, totalBytes: total }).catch(() => 0))
    .toBe(1);
});

test('a download whose client goes away leaves no file open', async (context) => {
  if (process.platform !== 'linux') return context.skip('only Linux tells which files are open');
  await blobs.write('s/got', chunksOf(...Array.from({ length: 64 }, () => chunk)), null);
  const access = { method: 'GET', key: 's/got', expireTimeMs: Date.now() + 60_000, sizeBytes: null } as const;
  const incoming = await new Promise<IncomingMessage>((resolve) => {
    request(signUrl(secret, baseUrl, access), resolve).end();
  });
  await new Promise((resolve) => incoming.once('data', resolve));
  incoming.pause();
  expect(await hasOpenFile(folder)).toBe(true);
  incoming.destroy();
  await expect.poll(() => hasOpenFile(folder), { timeout: 30_000 }).toBe(false);
});

test('a large file goes through in little memory', async () => {
  const pieces = 256;
  const { outgoing, status } = begin(urlOf('s/large', pieces * chunk.length), pieces * chunk.length);
  global.gc?.();
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let index = 0; index < pieces; index += 1) {
    if (!outgoing.write(chunk)) await new Promise((resolve) => outgoing.once('drain', resolve));
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  outgoing.end();
  expect(await status).toBe(200);
  // Both ends are in this process: a few chunks in flight, not the file.
  expect(most).toBeLessThan(128 * 1024 * 1024);
});
