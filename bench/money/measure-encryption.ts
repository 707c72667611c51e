import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../../packages/server/src/blobs/blob-store.ts';
import { createEncryptedStore } from '../../packages/server/src/blobs/encrypted-store.ts';
import { openLocalStore } from '../../packages/server/src/blobs/local-store.ts';
import { type BenchRow, makeRow } from '../bench-row.ts';
import { takeTurns } from '../take-turns.ts';
import { openTransfers } from './measure-transfers.ts';

const mebibyte = 1024 * 1024;

/** Files written to and read from a local store, encrypted and not: by themselves, and over HTTP. */
export async function measureEncryption(quick: boolean): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-bench-'));
  try {
    const plain = await openLocalStore(join(folder, 'plain'));
    const below = await openLocalStore(join(folder, 'sealed'));
    const accountKey = randomBytes(32);
    const sealed = createEncryptedStore(below, async () => accountKey);
    const sizeMiB = quick ? 16 : 256;
    const rounds = quick ? 2 : 6;
    const written = await takeTurns(
      rounds,
      () => write(sealed, sizeMiB),
      () => write(plain, sizeMiB),
    );
    const read = await takeTurns(
      rounds,
      () => readAll(sealed, sizeMiB),
      () => readAll(plain, sizeMiB),
    );
    const row = { unit: 'MiB/s', anchorName: 'the same store without', goal: '>= 0.9' };
    const sent = await measureTransfers(sealed, plain, folder, sizeMiB, rounds);
    return [
      makeRow({ ...row, ...sent.uploaded, metric: 'files uploaded over HTTP, encrypted' }),
      makeRow({ ...row, ...sent.downloaded, metric: 'files downloaded over HTTP, encrypted' }),
      makeRow({ ...row, ...written, metric: 'files written encrypted, to the disk' }),
      makeRow({ ...row, ...read, metric: 'files read encrypted, from memory of the disk' }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same stores as callers reach them: behind the server's routes, which count a checksum in. */
async function measureTransfers(
  sealed: BlobStore,
  plain: BlobStore,
  folder: string,
  sizeMiB: number,
  rounds: number,
) {
  const ours = await openTransfers(sealed, folder, sizeMiB);
  const anchor = await openTransfers(plain, folder, sizeMiB);
  try {
    const uploaded = await takeTurns(rounds, ours.upload, anchor.upload);
    return { uploaded, downloaded: await takeTurns(rounds, ours.download, anchor.download) };
  } finally {
    await ours.close();
    await anchor.close();
  }
}

const part = randomBytes(65_536);

async function* content(sizeMiB: number): AsyncGenerator<Uint8Array> {
  for (let index = 0; index < sizeMiB * 16; index += 1) yield part;
}

async function write(store: BlobStore, sizeMiB: number): Promise<number> {
  const startMs = performance.now();
  await store.write('models/acme/m/file', content(sizeMiB), sizeMiB * mebibyte);
  return (sizeMiB * 1000) / (performance.now() - startMs);
}

async function readAll(store: BlobStore, sizeMiB: number): Promise<number> {
  const startMs = performance.now();
  let bytes = 0;
  for await (const chunk of await store.read('models/acme/m/file')) bytes += chunk.length;
  if (bytes !== sizeMiB * mebibyte) throw new Error(`read ${bytes} bytes of ${sizeMiB} MiB`);
  return (sizeMiB * 1000) / (performance.now() - startMs);
}
