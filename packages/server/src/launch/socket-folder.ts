import { createHash } from 'node:crypto';
import { lstat, mkdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Socket paths are at most 107 bytes on Linux (sun_path holds 108 with the final zero), 103 on macOS. The
 * longest name we put into the folder is `pg/.s.PGSQL.5432.lock`.
 */
const folderBytesMax = 103 - '/pg/.s.PGSQL.5432.lock'.length;

/**
 * A private folder for Unix sockets: `run` in the data folder, or, when that path is too long for a socket,
 * one in the system's folder for temporary files, named after the data folder. Made with mode 0700, emptied
 * by the caller.
 */
export async function makeSocketFolder(dataFolder: string): Promise<string> {
  const own = join(dataFolder, 'run');
  if (Buffer.byteLength(own) <= folderBytesMax) {
    await mkdir(own, { recursive: true, mode: 0o700 });
    return own;
  }
  const digest = createHash('sha256').update(dataFolder).digest('hex').slice(0, 16);
  const short = join(tmpdir(), `sparkler-${digest}`);
  await mkdir(short, { recursive: true, mode: 0o700 });
  const facts = await lstat(short);
  const isOurs = facts.isDirectory() && facts.uid === process.getuid?.() && (facts.mode & 0o077) === 0;
  if (!isOurs || Buffer.byteLength(short) > folderBytesMax) {
    throw new Error(
      `${short} cannot hold sockets: it must be a folder of this user with mode 0700 and a short path. ` +
        'Remove it, or set SPARKLER_DATA to a folder with a shorter path.',
    );
  }
  return short;
}

/** Removes a folder that makeSocketFolder placed outside the data folder. */
export async function removeSocketFolder(folder: string, dataFolder: string): Promise<void> {
  if (folder !== join(dataFolder, 'run')) await rm(folder, { recursive: true, force: true });
}
