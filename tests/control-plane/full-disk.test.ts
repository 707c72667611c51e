import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, rm, statfs } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/**
 * Uploads onto a disk that gets full in the middle of one, and uploads that are cut. The disk is a small file
 * system in memory, in a mount namespace of a process that the test holds, and is reached through that: it
 * goes away with the process, however the test ends.
 */
const diskBytes = 112 * 1024 * 1024;
const largeBytes = 24 * 1024 * 1024;

let folder: string;
let holder: ChildProcess | null = null;
let disk: string;
let plane: ControlPlane | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-disk-'));
  const place = join(folder, 'disk');
  await mkdir(place);
  const mount = `mount -t tmpfs -o size=${diskBytes},mode=700 none ${place} && echo ready && cat`;
  const words = process.getuid?.() === 0 ? ['-m'] : ['-rm'];
  const child = spawn('unshare', [...words, 'sh', '-c', mount], { stdio: ['pipe', 'pipe', 'ignore'] });
  const isReady = await Promise.race([
    once(child.stdout, 'data').then(() => true),
    once(child, 'exit').then(() => false),
    once(child, 'error').then(() => false),
  ]);
  if (!isReady) return;
  holder = child;
  disk = `/proc/${child.pid}/root${place}`;
  plane = await startControlPlane({ SPARKLER_BLOBS: disk });
});
afterAll(async () => {
  await plane?.close();
  if (holder !== null) {
    holder.stdin?.end();
    await once(holder, 'exit');
  }
  await rm(folder, { recursive: true, force: true });
});

const call: ControlPlane['call'] = (...parameters) => plane!.call(...parameters);

/** A model with a signed URL for each of its files. */
async function begin(id: string, sizes: Readonly<Record<string, number>>): Promise<Record<string, string>> {
  await call('POST', '/v1/accounts/acme/models', { modelId: id, model: {} });
  const filenameToSize = Object.fromEntries(
    Object.entries(sizes).map(([name, size]) => [name, String(size)]),
  );
  const { body } = await call('POST', `/v1/accounts/acme/models/${id}:getUploadEndpoint`, { filenameToSize });
  return body.filenameToSignedUrls;
}

interface Upload {
  send(content: Buffer): Promise<void>;
  end(): void;
  cut(): void;
  readonly answer: Promise<{ status: number; text: string }>;
}

/** An upload whose content the test sends piece by piece. */
function startUpload(url: string, headers: Readonly<Record<string, string | number>>): Upload {
  const outgoing = request(url, { method: 'PUT', headers });
  const answer = new Promise<{ status: number; text: string }>((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', async (response) => {
      let text = '';
      for await (const part of response.setEncoding('utf8')) text += part;
      resolve({ status: response.statusCode ?? 0, text });
    });
  });
  // Whoever cuts it does not ask for it.
  answer.catch(() => undefined);
  return {
    send: (content) => new Promise((sent) => void outgoing.write(content, () => sent())),
    end: () => void outgoing.end(),
    cut: () => void outgoing.destroy(),
    answer,
  };
}

const listFiles = async (): Promise<string[]> => {
  const entries = await readdir(disk, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
};

const half = Buffer.alloc(largeBytes / 2, 'x');

/** Everything that is free, so that the next byte of anybody finds none. */
async function fillDisk(): Promise<() => Promise<void>> {
  const path = join(disk, 'filler');
  const file = await open(path, 'w');
  const isFull = (error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOSPC') return true;
    throw error;
  };
  for (const bytes of [1024 * 1024, 4096]) {
    while (!(await file.write(Buffer.alloc(bytes)).then(() => false, isFull)));
  }
  await file.close();
  return () => rm(path);
}

/** The answer, or a connection that the server closed while more came, which may swallow it. */
async function expectNoSpace({ answer }: Upload): Promise<void> {
  const { status, text } = await answer.catch((error: NodeJS.ErrnoException) => {
    expect(error.code).toMatch(/ECONNRESET|EPIPE/);
    return { status: 503, text: '{"code":14,"message":"MB free"}' };
  });
  expect(status).toBe(503);
  expect(JSON.parse(text)).toMatchObject({
    code: 14,
    message: expect.stringMatching(/disk is full|MB free/),
  });
}

function requireDisk(context: TestContext): void {
  if (holder === null) context.skip('no file system can be mounted here (unshare -m is not allowed)');
}

const ways = { whole: {}, 'in parts': { 'content-range': `bytes 0-${largeBytes - 1}/${largeBytes}` } };

for (const [how, headers] of Object.entries(ways)) {
  test(`a disk that gets full during an upload ${how} loses nothing and leaves nothing`, async (context) => {
    requireDisk(context);
    const id = `full-${how.replace(' ', '-')}`;
    const urls = await begin(id, { 'config.json': 2, 'model.safetensors': largeBytes });
    expect((await fetch(urls['config.json']!, { method: 'PUT', body: '{}' })).status).toBe(200);
    const before = await listFiles();
    const url = urls['model.safetensors']!;
    const upload = startUpload(url, { 'content-length': largeBytes, ...headers });
    await upload.send(half);
    // Some of it is on the disk by now.
    await expect.poll(async () => (await listFiles()).length, { timeout: 20_000 }).toBe(before.length + 1);
    const makeRoom = await fillDisk();
    await upload.send(half);
    upload.end();
    const { status, text } = await upload.answer;
    expect(status).toBe(503);
    expect(JSON.parse(text)).toMatchObject({
      code: 14,
      message: expect.stringMatching(/disk is full|MB free/),
    });
    await makeRoom();
    await expect.poll(listFiles, { timeout: 20_000 }).toEqual(before);
    const unfinished = await call('GET', `/v1/accounts/acme/models/${id}:validateUpload`);
    expect(unfinished.body.message).toContain('model.safetensors was not uploaded');
    // The same URL takes the file once there is room again.
    const again = startUpload(url, { 'content-length': largeBytes, ...headers });
    await again.send(half);
    await again.send(half);
    again.end();
    expect((await again.answer).status).toBe(200);
    await call('DELETE', `/v1/accounts/acme/models/${id}`);
    await plane!.context.blobs.removeAll(`models/acme/${id}`);
  });
}

test('what does not fit is refused before its first byte', async (context) => {
  requireDisk(context);
  const { bavail, bsize } = await statfs(disk);
  const size = bavail * bsize - 32 * 1024 * 1024;
  const urls = await begin('too-large', { 'model.safetensors': size });
  const before = await listFiles();
  const upload = startUpload(urls['model.safetensors']!, { 'content-length': size });
  await upload.send(Buffer.alloc(1000));
  await expectNoSpace(upload);
  expect(await listFiles()).toEqual(before);
});

test('a whole upload that is cut leaves nothing; one in parts goes on from what came', async (context) => {
  requireDisk(context);
  const urls = await begin('cut', { 'model.safetensors': largeBytes });
  const url = urls['model.safetensors']!;
  const before = await listFiles();
  const whole = startUpload(url, { 'content-length': largeBytes });
  await whole.send(half);
  whole.cut();
  await expect.poll(listFiles, { timeout: 20_000 }).toEqual(before);

  const part = startUpload(url, { 'content-length': largeBytes, ...ways['in parts'] });
  await part.send(half);
  part.cut();
  const askKept = async () => {
    const headers = { 'content-range': `bytes */${largeBytes}` };
    const { headers: told } = await fetch(url, { method: 'PUT', headers, redirect: 'manual' });
    return Number(/-(\d+)$/.exec(told.get('range') ?? '')?.[1] ?? -1) + 1;
  };
  await expect.poll(askKept, { timeout: 20_000 }).toBeGreaterThan(0);
  // What arrived last may still be on its way to the disk.
  let kept = 0;
  let answer = 308;
  while (answer === 308) {
    kept = await askKept();
    const rest = startUpload(url, {
      'content-length': largeBytes - kept,
      'content-range': `bytes ${kept}-${largeBytes - 1}/${largeBytes}`,
    });
    await rest.send(Buffer.alloc(largeBytes - kept, 'x'));
    rest.end();
    answer = (await rest.answer).status;
    // 409: the connection that was cut still writes.
    if (answer === 409) answer = 308;
  }
  expect(answer).toBe(200);
  const [blob] = await plane!.context.blobs.list('models/acme/cut');
  expect(blob?.sizeBytes).toBe(largeBytes);
  let bytes = 0;
  for await (const chunk of await plane!.context.blobs.read(blob!.key)) {
    expect(Buffer.from(chunk).every((byte) => byte === 0x78)).toBe(true);
    bytes += chunk.length;
  }
  expect(bytes).toBe(largeBytes);
});
