import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readFile, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** The data folder cannot be used. The message names it, says why and what to do. */
export class DataFolderError extends Error {
  override readonly name = 'DataFolderError';
}

export interface DataFolder {
  readonly path: string;
  /** Stable id of this folder; names the server among those that share a database. */
  readonly nodeId: string;
  release(): void;
}

/** A fresh database takes 45 MB; below this Postgres would fail half-way with a less clear message. */
const freeBytesMin = 128 * 1024 * 1024;

/**
 * Makes the folder if needed, checks that it can be used, and holds it against a second server until
 * released.
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  await makePrivateFolder(path);
  await checkFreeSpace(path);
  const lock = await lockFolder(path);
  try {
    for (const name of ['logs', 'run', 'spool']) await makePrivateFolder(join(path, name));
    const nodeId = await readOrMake(join(path, 'node-id'), randomUUID);
    return { path, nodeId, release: () => lock.close() };
  } catch (error) {
    lock.close();
    throw error;
  }
}

async function makePrivateFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const facts = await lstat(path);
    const uid = process.getuid?.();
    if (uid !== undefined && facts.uid !== uid) {
      throw new Error(`it belongs to user ${facts.uid}, and this is user ${uid}`);
    }
    // The database and the first key are in here: nobody else may look.
    if ((facts.mode & 0o077) !== 0) await chmod(path, 0o700);
  } catch (error) {
    throw new DataFolderError(
      `The data folder ${path} cannot be used: ${(error as Error).message}. Set SPARKLER_DATA to a folder you can write.`,
      { cause: error },
    );
  }
}

async function checkFreeSpace(path: string): Promise<void> {
  const { bavail, bsize } = await statfs(path);
  const freeBytes = bavail * bsize;
  if (freeBytes >= freeBytesMin) return;
  throw new DataFolderError(
    `The disk of ${path} has ${Math.floor(freeBytes / 1e6)} MB free and sparkler needs ${Math.ceil(freeBytesMin / 1e6)} MB ` +
      'to start. Free some space, or set SPARKLER_DATA to a folder on another disk.',
  );
}

/**
 * Holds the folder through a lock of the kernel, which ends with the process however it dies: no stale lock
 * files and no race in taking one over. SQLite is how Node reaches such locks without a native addon; nothing
 * is stored in it.
 */
async function lockFolder(path: string): Promise<{ close(): void }> {
  const holderFile = join(path, 'lock-holder');
  const lock = openLockFile(join(path, 'lock'));
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    if (!(error as Error).message.includes('locked')) {
      throw new DataFolderError(`The data folder ${path} cannot be locked: ${(error as Error).message}.`, {
        cause: error,
      });
    }
    const holder = await readFile(holderFile, 'utf8').catch(() => 'unknown');
    throw new DataFolderError(
      `Another server (process ${holder.trim()}) runs on the data folder ${path}. Stop it, or set SPARKLER_DATA to ` +
        'another folder (and SPARKLER_PORT to another port).',
    );
  }
  await writeFile(holderFile, `${process.pid}\n`, { mode: 0o600 });
  return lock;
}

function openLockFile(path: string): DatabaseSync {
  try {
    return new DatabaseSync(path, { timeout: 0 });
  } catch (error) {
    throw new DataFolderError(`The lock file ${path} cannot be opened: ${(error as Error).message}.`, {
      cause: error,
    });
  }
}

async function readOrMake(path: string, make: () => string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    const value = make();
    await writeFile(path, `${value}\n`, { mode: 0o600 });
    return value;
  }
}
