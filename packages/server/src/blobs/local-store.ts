import { randomUUID } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  type AppendRange,
  BlobError,
  type BlobFacts,
  type BlobStore,
  checkBlobKey,
  wrongSize,
} from './blob-store.ts';
import { readPieces } from './read-pieces.ts';
import { writePieces } from './write-pieces.ts';

/** Space that stays free for the database and the logs, which may lie on the same disk. */
const FREE_BYTES_MIN = 64 * 1024 * 1024;

/** Read at once: large enough that what is done with each piece outweighs getting it. */
const readBytes = 512 * 1024;

/** Begins the name of a file that is being written whole; no key begins so. */
const UNFINISHED = '~';

/**
 * Blobs as files of a private folder: `objects/<key>` for complete ones, `partial/` for those on their way. A
 * blob is moved into place when all of it is on the disk, so that a crash or a power cut leaves none that is
 * cut.
 */
export async function openLocalStore(root: string): Promise<BlobStore> {
  const folders = { objects: join(root, 'objects'), partial: join(root, 'partial') };
  for (const folder of Object.values(folders)) await mkdir(folder, { recursive: true, mode: 0o700 });
  await removeUnfinishedWrites(folders.partial);
  const busy = new Set<string>();

  const objectPath = (key: string) => {
    checkBlobKey(key);
    return join(folders.objects, ...key.split('/'));
  };
  /** Parts of one upload meet in the file of the same key, also after a restart. */
  const partialPath = (key: string) => join(folders.partial, ...key.split('/'));

  async function exclusively<T>(key: string, run: () => Promise<T>): Promise<T> {
    if (busy.has(key)) throw new BlobError('busy', `${key} is being uploaded over another connection`);
    busy.add(key);
    try {
      return await run();
    } finally {
      busy.delete(key);
    }
  }

  return {
    description: `the folder ${root}`,
    write: async (key, content, sizeBytes) => writeWhole(objectPath(key), folders, key, content, sizeBytes),
    async append(key, content, range) {
      const target = objectPath(key);
      return exclusively(key, () =>
        appendPart(target, partialPath(key), folders.objects, key, content, range),
      );
    },
    async keptBytes(key) {
      const found = (await sizeOf(objectPath(key))) ?? (await sizeOf(partialPath(key)));
      return found ?? 0;
    },
    async stat(key) {
      const sizeBytes = await sizeOf(objectPath(key));
      return sizeBytes === null ? null : { key, sizeBytes };
    },
    async read(key, range, pieceBytes = readBytes) {
      const path = objectPath(key);
      if ((await sizeOf(path)) === null) throw new BlobError('missing', `there is no ${key}`);
      return readPieces(path, range ?? { fromByte: 0, toByte: Number.MAX_SAFE_INTEGER }, pieceBytes);
    },
    list: async (prefix) => listFiles(objectPath(prefix), prefix),
    async removeAll(prefix) {
      await rm(objectPath(prefix), { recursive: true, force: true });
      await rm(partialPath(prefix), { recursive: true, force: true });
    },
    localFolder: async (prefix) => objectPath(prefix),
    openFolder: async (prefix) => objectPath(prefix),
  };
}

async function writeWhole(
  target: string,
  folders: { objects: string; partial: string },
  key: string,
  content: AsyncIterable<Uint8Array>,
  sizeBytes: number | null,
): Promise<number> {
  const partial = join(folders.partial, UNFINISHED + randomUUID());
  try {
    await checkSpace(folders.partial, sizeBytes ?? 0);
    const file = await open(partial, 'wx', 0o600);
    let written = 0;
    try {
      const limited = limitBytes(content, key, sizeBytes ?? Number.POSITIVE_INFINITY);
      written = await writePieces(file, limited, 0, 2);
      if (sizeBytes !== null && written < sizeBytes) throw wrongSize(key, sizeBytes, `only ${written}`);
      await file.sync();
    } finally {
      await file.close();
    }
    await moveIntoPlace(partial, target, folders.objects);
    return written;
  } catch (error) {
    await rm(partial, { force: true });
    throw explainSpace(error);
  }
}

async function appendPart(
  target: string,
  partial: string,
  objects: string,
  key: string,
  content: AsyncIterable<Uint8Array>,
  { fromByte, totalBytes }: AppendRange,
): Promise<number> {
  if ((await sizeOf(target)) === totalBytes && fromByte > 0) return totalBytes;
  const kept = (await sizeOf(partial)) ?? 0;
  if (fromByte > kept) {
    throw new BlobError('gap', `the upload has ${kept} bytes so far: go on from there, not from ${fromByte}`);
  }
  await mkdir(dirname(partial), { recursive: true, mode: 0o700 });
  await checkSpace(dirname(partial), totalBytes - fromByte);
  const file = await open(partial, fromByte === 0 ? 'w' : 'r+', 0o600);
  let at = fromByte;
  try {
    await file.truncate(fromByte);
    at = await writeFrom(file, key, content, fromByte, totalBytes);
  } catch (error) {
    if (!isSpaceError(error)) throw error;
    // A full disk is not made fuller by what can't be finished.
    await rm(partial, { force: true });
    throw explainSpace(error);
  } finally {
    await file.sync().catch(() => undefined);
    await file.close();
  }
  if (at === totalBytes) await moveIntoPlace(partial, target, objects);
  return at;
}

/** Writes until the content ends or breaks off; what came before a break is kept. Returns where it ended. */
function writeFrom(
  file: FileHandle,
  key: string,
  content: AsyncIterable<Uint8Array>,
  fromByte: number,
  totalBytes: number,
): Promise<number> {
  return writePieces(file, limitBytes(endAtBreak(content), key, totalBytes, fromByte), fromByte);
}

async function* endAtBreak(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = content[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch(() => null);
    if (next === null || next.done) return;
    yield next.value;
  }
}

/** Throws at the first byte beyond the size that was announced. */
async function* limitBytes(
  content: AsyncIterable<Uint8Array>,
  key: string,
  sizeBytes: number,
  fromByte = 0,
): AsyncGenerator<Uint8Array> {
  let at = fromByte;
  for await (const chunk of content) {
    at += chunk.length;
    if (at > sizeBytes) throw wrongSize(key, sizeBytes, 'more');
    yield chunk;
  }
}

/** The name appears only when the content is on the disk, and is itself on the disk when this returns. */
async function moveIntoPlace(partial: string, target: string, objects: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  await rename(partial, target);
  for (let folder = dirname(target); folder.startsWith(objects); folder = dirname(folder)) {
    const handle = await open(folder, 'r');
    await handle.sync().finally(() => handle.close());
  }
}

async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize - bytes >= FREE_BYTES_MIN) return;
  const free = Math.floor((bavail * bsize) / 1e6);
  throw new BlobError(
    'no-space',
    `the server's disk has ${free} MB free, too little for this file of ${bytes} bytes`,
  );
}

function isSpaceError(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT', 'EFBIG'].includes((error as NodeJS.ErrnoException | null)?.code ?? '');
}

function explainSpace(error: unknown): unknown {
  if (!isSpaceError(error)) return error;
  return new BlobError('no-space', "the server's disk is full; nothing of the file was kept", error);
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    const facts = await stat(path);
    return facts.isFile() ? facts.size : null;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

async function listFiles(folder: string, prefix: string): Promise<BlobFacts[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(
    (error: NodeJS.ErrnoException): Dirent[] => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
      throw error;
    },
  );
  const found: BlobFacts[] = [];
  for (const entry of entries) {
    const [path, key] = [join(folder, entry.name), `${prefix}/${entry.name}`];
    if (entry.isDirectory()) found.push(...(await listFiles(path, key)));
    else if (entry.isFile()) found.push({ key, sizeBytes: (await sizeOf(path)) ?? 0 });
  }
  return found.sort((left, right) => (left.key < right.key ? -1 : 1));
}

/** What a process that died had been writing whole. */
async function removeUnfinishedWrites(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { force: true });
  }
}
