import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DataFolderError, openDataFolder } from './data-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-data-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test('a data folder is made for its owner alone, and keeps its id', async () => {
  const path = join(folder, 'deep', 'er');
  const first = await openDataFolder(path);
  expect((await stat(path)).mode & 0o777).toBe(0o700);
  first.release();
  const second = await openDataFolder(path);
  expect(second.nodeId).toBe(first.nodeId);
  second.release();
});

test('an open folder that others could read is closed to them', async () => {
  await chmod(folder, 0o755);
  (await openDataFolder(folder)).release();
  expect((await stat(folder)).mode & 0o077).toBe(0);
});

test('a second server on one folder is refused with the pid of the first', async () => {
  const script = `
    const { openDataFolder } = await import(${JSON.stringify(new URL('./data-folder.ts', import.meta.url).href)});
    await openDataFolder(process.argv[1]);
    console.log('held');
    setInterval(() => {}, 1000);`;
  const holder = spawn(process.execPath, ['--input-type=module', '-e', script, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  await expect(openDataFolder(folder)).rejects.toThrow(`Another server (process ${holder.pid}) runs on`);
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  // The lock was the kernel's: nothing stale is left to clean up.
  (await openDataFolder(folder)).release();
});

test('a path that is a file, or lies below one, is refused by name', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  for (const path of [file, join(file, 'below')]) {
    await expect(openDataFolder(path)).rejects.toThrow(DataFolderError);
    await expect(openDataFolder(path)).rejects.toThrow(/cannot be used: .*Set SPARKLER_DATA/);
  }
});
