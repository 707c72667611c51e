import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BlobStore } from '../../packages/server/src/blobs/blob-store.ts';
import { createEncryptedStore } from '../../packages/server/src/blobs/encrypted-store.ts';
import { openLocalStore } from '../../packages/server/src/blobs/local-store.ts';
import type { BenchRow } from '../bench-row.ts';
import { type Compare, compareSpeeds } from './compare-speeds.ts';
import { forgetFiles } from './forget-files.ts';
import { openTransfers } from './measure-transfers.ts';

const mebibyte = 1024 * 1024;

/** A file system without a disk: what writing costs when nothing waits for one. */
const memoryFolder = '/dev/shm';

/** Elsewhere there is no such folder, and no such `dd` (see forget-files.ts): rows less, none easier. */
const isLinux = process.platform === 'linux';

interface Stores {
  readonly folder: string;
  readonly sealed: BlobStore;
  readonly plain: BlobStore;
}

/**
 * Files written to and read from a local store, encrypted and not: by themselves, and over HTTP. Each by the
 * clock and by the processor's time.
 */
export async function measureEncryption(quick: boolean): Promise<BenchRow[]> {
  const sizeMiB = quick ? 16 : 256;
  const compare = compareSpeeds(quick ? 2 : 10, sizeMiB);
  const rows = await withStores(tmpdir(), async (stores) => [
    ...(await compareTransfers(compare, stores, sizeMiB)),
    ...(await compareFiles(compare, stores, sizeMiB)),
  ]);
  if (!isLinux) return rows;
  const written = await withStores(memoryFolder, (stores) =>
    compareWrites(compare, 'files written encrypted, to a file system in memory', stores, sizeMiB),
  );
  return [...rows, ...written];
}

async function withStores<T>(parent: string, run: (stores: Stores) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(parent, 'sparkler-bench-'));
  try {
    const accountKey = randomBytes(32);
    const below = await openLocalStore(join(folder, 'sealed'));
    const sealed = createEncryptedStore(below, async () => accountKey);
    return await run({ folder, sealed, plain: await openLocalStore(join(folder, 'plain')) });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same stores as callers reach them: behind the server's routes, which count a checksum in. */
async function compareTransfers(
  compare: Compare,
  { folder, sealed, plain }: Stores,
  sizeMiB: number,
): Promise<BenchRow[]> {
  const ours = await openTransfers(sealed, folder, sizeMiB);
  const anchor = await openTransfers(plain, folder, sizeMiB);
  const forget = () => forgetFiles(folder);
  const fromDisk = 'files downloaded over HTTP, encrypted, from the disk';
  try {
    return [
      ...(await compare('files uploaded over HTTP, encrypted', ours.upload, anchor.upload)),
      ...(await compare('files downloaded over HTTP, encrypted', ours.download, anchor.download)),
      ...(isLinux ? await compare(fromDisk, ours.download, anchor.download, forget) : []),
    ];
  } finally {
    await ours.close();
    await anchor.close();
  }
}

async function compareFiles(compare: Compare, stores: Stores, sizeMiB: number): Promise<BenchRow[]> {
  const [ours, anchor] = [() => readAll(stores.sealed, sizeMiB), () => readAll(stores.plain, sizeMiB)];
  const forget = () => forgetFiles(stores.folder);
  return [
    ...(await compareWrites(compare, 'files written encrypted, to the disk', stores, sizeMiB)),
    ...(await compare('files read encrypted, from memory of the disk', ours, anchor)),
    ...(isLinux ? await compare('files read encrypted, from the disk', ours, anchor, forget) : []),
  ];
}

const compareWrites = (compare: Compare, metric: string, { sealed, plain }: Stores, sizeMiB: number) =>
  compare(
    metric,
    () => write(sealed, sizeMiB),
    () => write(plain, sizeMiB),
  );

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
