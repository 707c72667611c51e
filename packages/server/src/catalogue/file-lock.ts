import { mkdir, open, readFile, rename, rm, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** The holder touches its lock this often … */
const touchMs = 5_000;
/**
 * … and a lock untouched for this long is nobody's, also when its process is on another host (shared
 * folders).
 */
const abandonedMs = 60_000;
const pollMs = 200;

interface Holder {
  readonly pid: number;
  readonly host: string;
}

/**
 * Runs `action` while holding a lock file that all processes respect, also those on other hosts of a shared
 * folder.
 * `onWait` is called once if somebody else holds it. A lock whose process died is taken over.
 * Rejects with the abort reason, a file error, or what `action` threw.
 */
export async function withFileLock<T>(
  path: string,
  signal: AbortSignal,
  onWait: () => void,
  action: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  for (let polls = 0; !(await tryLock(path)); polls += 1) {
    if (await isAbandoned(path)) await removeAbandoned(path);
    else {
      if (polls === 0) onWait();
      await sleep(pollMs, undefined, { signal });
    }
  }
  const touch = setInterval(() => {
    // A failed touch costs nothing while the process lives: its pid is the first thing others look at.
    utimes(path, new Date(), new Date()).catch(() => undefined);
  }, touchMs);
  touch.unref();
  try {
    return await action();
  } finally {
    clearInterval(touch);
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(JSON.stringify({ pid: process.pid, host: hostname() } satisfies Holder));
    await file.close();
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isAbandoned(path: string): Promise<boolean> {
  const state = await unlessGone(stat(path));
  if (state === undefined) return false;
  const holder = await readHolder(path);
  if (holder?.host === hostname()) return !isRunning(holder.pid);
  return Date.now() - state.mtimeMs > abandonedMs;
}

/**
 * Renames before it removes: of two that see the same dead lock only one gets it, and a fresh lock is put
 * back.
 */
async function removeAbandoned(path: string): Promise<void> {
  const taken = `${path}.${process.pid}`;
  if ((await unlessGone(rename(path, taken).then(() => true))) === undefined) return;
  if (await isAbandoned(taken)) await rm(taken, { force: true });
  else await rename(taken, path);
}

async function readHolder(path: string): Promise<Holder | undefined> {
  const text = await unlessGone(readFile(path, 'utf8'));
  if (!text) return undefined;
  try {
    return JSON.parse(text) as Holder;
  } catch {
    // Being written this moment, or cut off by a full disk: judged by its age instead.
    return undefined;
  }
}

async function unlessGone<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
