import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { AbortedError, ApiError } from '../core/errors.ts';
import { downloadFiles, fileSource, listFolder, streamPut, uploadFiles } from '../node/index.ts';
import { encodeCrc32, portableCrc32 } from './crc32.ts';
import { RunningChecksum } from './running-checksum.ts';
import { ChecksumError } from './transfer.ts';
import { blobSource, uploadFile } from './upload.ts';

const content = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 251));

/** One file behind signed URLs, as the platform serves it; `fault` spoils a request (true: handled). */
let stored: Buffer;
let requests: string[];
let fault: (incoming: IncomingMessage, response: ServerResponse) => boolean;
let server: Server;
let url: string;
let folder: string;

const checksumOf = (bytes: Buffer): string => encodeCrc32(zlibCrc32(bytes));

async function receivePut(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const range = /^bytes (?:\*|(\d+)-\d+)\/(\d+)$/.exec(String(incoming.headers['content-range']));
  const total = Number(range?.[2] ?? 0);
  if (range?.[1] !== undefined) {
    stored = stored.subarray(0, Number(range[1]));
  }
  const received = (async () => {
    for await (const chunk of incoming) stored = Buffer.concat([stored, chunk as Buffer]);
  })();
  await received.catch(() => undefined);
  if (stored.length === total) {
    if (incoming.headers['x-amz-checksum-mode'] === 'ENABLED')
      response.setHeader('x-amz-checksum-crc32', checksumOf(stored));
    response.end('{}');
  } else {
    response.writeHead(308, stored.length > 0 ? { range: `bytes=0-${stored.length - 1}` } : {}).end();
  }
}

function sendFile(incoming: IncomingMessage, response: ServerResponse): void {
  if (incoming.method === 'HEAD') {
    response.setHeader('x-amz-checksum-crc32', checksumOf(stored)).end();
    return;
  }
  const from = Number(/^bytes=(\d+)-$/.exec(incoming.headers.range ?? '')?.[1] ?? 0);
  if (from >= stored.length) {
    response.writeHead(416, { 'content-range': `bytes */${stored.length}` }).end();
    return;
  }
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': stored.length - from });
  response.end(stored.subarray(from));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-transfers-'));
  await writeFile(join(folder, 'f'), content);
  server = createServer((incoming, response) => {
    requests.push(`${incoming.method} ${incoming.headers['content-range'] ?? incoming.headers.range ?? ''}`);
    if (fault(incoming, response)) return;
    if (incoming.method === 'PUT') void receivePut(incoming, response);
    else sendFile(incoming, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/f`;
});
beforeEach(() => {
  [stored, requests, fault] = [Buffer.alloc(0), [], () => false];
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true });
});

describe('checksums', () => {
  it('are those of zlib, in pieces too', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (first, second) => {
        const wanted = zlibCrc32(Buffer.concat([first, second]));
        expect(portableCrc32(second, portableCrc32(first))).toBe(wanted);
        const running = new RunningChecksum();
        running.update(0, first);
        // Sent again with what follows: counted once.
        running.update(0, Buffer.concat([first, second]));
        expect(running.text).toBe(encodeCrc32(wanted));
      }),
    );
    expect(encodeCrc32(0x01020304)).toBe('AQIDBA==');
  });
});

describe.each([
  ['streamed by Node', () => fileSource(join(folder, 'f'), 'f'), { put: streamPut }],
  ['in parts, as in a browser', async () => blobSource(new Blob([content]), 'f'), {}],
])('an upload %s', (_, open, options) => {
  it('sends the file and compares checksums', async () => {
    const seen: number[] = [];
    const onProgress = (done: number): void => void seen.push(done);
    const sent = await uploadFile(url, await open(), { ...options, onProgress });
    expect(sent).toEqual({ sizeBytes: content.length, checksum: checksumOf(content), isVerified: true });
    expect(stored.equals(content)).toBe(true);
    expect(seen.at(-1)).toBe(content.length);
  });

  it('goes on from the byte that the server has, whoever sent it', async () => {
    stored = content.subarray(0, 200_000);
    await uploadFile(url, await open(), options);
    expect(requests).toEqual(['PUT bytes */300000', 'PUT bytes 200000-299999/300000']);
    expect(stored.equals(content)).toBe(true);
  });

  it('sends everything again when other bytes are there, and gives up when that happens twice', async () => {
    stored = Buffer.alloc(1000);
    await uploadFile(url, await open(), options);
    expect(requests.at(-1)).toBe('PUT bytes 0-299999/300000');
    expect(stored.equals(content)).toBe(true);
    fault = (incoming) => {
      if (incoming.method === 'PUT') incoming.once('end', () => stored.fill(1));
      return false;
    };
    await expect(uploadFile(url, await open(), options)).rejects.toBeInstanceOf(ChecksumError);
  });

  it('survives a connection that breaks and a server that asks for time', async () => {
    let faults = 0;
    fault = (incoming, response) => {
      faults++;
      if (faults === 1) incoming.socket.destroy();
      else if (faults === 2) response.writeHead(503, { 'retry-after': '0' }).end();
      return faults <= 2;
    };
    await uploadFile(url, await open(), options);
    expect(stored.equals(content)).toBe(true);
  });

  it('ends at once when the server refuses, and with an AbortedError when the caller wants', async () => {
    fault = (incoming, response) => {
      incoming.resume();
      response.writeHead(403).end('{"code":7,"message":"this URL has expired"}');
      return true;
    };
    const failure = await uploadFile(url, await open(), options).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ApiError);
    expect(requests).toHaveLength(1);
    const signal = AbortSignal.abort();
    await expect(uploadFile(url, await open(), { ...options, signal })).rejects.toBeInstanceOf(AbortedError);
  });
});

describe('files', () => {
  it('that are empty are sent and fetched', async () => {
    await writeFile(join(folder, 'empty'), '');
    await uploadFiles({ empty: url }, [{ name: 'empty', path: join(folder, 'empty') }]);
    expect(requests).toEqual(['PUT ']);
    await downloadFiles({ got: url }, folder);
    expect(await readFile(join(folder, 'got'))).toHaveLength(0);
  });

  it('are downloaded from where the last try ended, and checked', async () => {
    stored = content;
    await writeFile(join(folder, 'rest.partial'), content.subarray(0, 100_000));
    const done: unknown[] = [];
    await downloadFiles({ rest: url }, folder, {
      onDone: (file, facts) => done.push([file, facts.isVerified]),
    });
    expect(requests).toContain('GET bytes=100000-');
    expect(await readFile(join(folder, 'rest'))).toEqual(content);
    expect(done).toEqual([['rest', true]]);
  });

  it('that were begun with other bytes are fetched anew', async () => {
    stored = content;
    await writeFile(join(folder, 'wrong.partial'), Buffer.alloc(100_000));
    await downloadFiles({ wrong: url }, folder);
    expect(await readFile(join(folder, 'wrong'))).toEqual(content);
    await writeFile(join(folder, 'long.partial'), Buffer.alloc(400_000));
    await downloadFiles({ long: url }, folder);
    expect(await readFile(join(folder, 'long'))).toEqual(content);
  });

  it('survive a connection that breaks in the middle', async () => {
    stored = content;
    let hasBroken = false;
    fault = (incoming, response) => {
      if (incoming.method !== 'GET' || hasBroken) return false;
      hasBroken = true;
      response.writeHead(200, { 'content-length': content.length });
      response.write(content.subarray(0, 50_000), () => incoming.socket.destroy());
      return true;
    };
    await downloadFiles({ broken: url }, folder);
    expect(await readFile(join(folder, 'broken'))).toEqual(content);
  });

  it('never leave the folder, and links are not followed', async () => {
    await expect(downloadFiles({ '../outside': url }, folder)).rejects.toThrow('outside the folder');
    await expect(listFolder(join(folder, 'f'))).rejects.toThrow('is not a folder');
    expect((await listFolder(folder)).map(({ name }) => name)).toContain('f');
  });
});
