import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../http/app.ts';
import { createTestbed } from '../inference/testbed/testbed.ts';
import { openLocalStore } from './local-store.ts';
import { mountBlobs } from './mount-blobs.ts';
import { signUrl } from './signed-urls.ts';

const secret = Buffer.from('a secret');
const asked = { 'x-amz-checksum-mode': 'ENABLED' };
let folder: string;
let baseUrl: string;
let close: () => Promise<void>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-checksums-'));
  const app = createApp(createTestbed({}).context);
  const blobs = await openLocalStore(folder);
  mountBlobs(app, { blobs, secret, now: Date.now, isOpen: async () => true });
  baseUrl = await app.listen({ port: 0, host: '127.0.0.1' });
  close = () => app.close();
});
afterAll(async () => {
  await close();
  await rm(folder, { recursive: true });
});

const urlOf = (method: 'GET' | 'PUT', key: string, sizeBytes: number) =>
  signUrl(secret, baseUrl, {
    method,
    key,
    expireTimeMs: Date.now() + 60_000,
    sizeBytes: method === 'PUT' ? sizeBytes : null,
  });

function checksumOf(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64');
}

const put = (key: string, body: string, total: number, headers: Record<string, string> = {}) =>
  fetch(urlOf('PUT', key, total), { method: 'PUT', body, headers });

const told = (response: Response) => response.headers.get('x-amz-checksum-crc32');

test('a file tells its checksum to who asks, after the upload and later', async () => {
  const sent = await put('m/a/whole', 'the whole file', 14, asked);
  expect({ status: sent.status, told: told(sent) }).toEqual({
    status: 200,
    told: checksumOf('the whole file'),
  });
  const looked = await fetch(urlOf('GET', 'm/a/whole', 0), { method: 'HEAD', headers: asked });
  expect(told(looked)).toBe(checksumOf('the whole file'));
  expect(looked.headers.get('content-length')).toBe('14');
  expect(told(await fetch(urlOf('GET', 'm/a/whole', 0), { method: 'HEAD' }))).toBeNull();
});

test('parts add up, and parts sent again are counted once', async () => {
  const part = (text: string, from: number) =>
    put('m/a/parts', text, 9, { 'content-range': `bytes ${from}-${from + text.length - 1}/9` });
  expect((await part('abc', 0)).status).toBe(308);
  expect((await part('dXX', 3)).status).toBe(308);
  expect((await part('def', 3)).status).toBe(308);
  expect((await part('ghi', 6)).status).toBe(200);
  const question = { 'content-range': 'bytes */9', ...asked };
  expect(told(await put('m/a/parts', '', 9, question))).toBe(checksumOf('abcdefghi'));
  expect(await (await fetch(urlOf('GET', 'm/a/parts', 0))).text()).toBe('abcdefghi');
});

test('there is none of a file that is gone', async () => {
  const looked = await fetch(urlOf('GET', 'm/a/none', 0), { method: 'HEAD', headers: asked });
  expect(looked.status).toBe(404);
});
