import { chmod, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeSocketFolder, removeSocketFolder } from './socket-folder.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-sockets-'));
});
afterEach(() => rm(folder, { recursive: true }));

test('sockets lie in the data folder when its path is short enough', async () => {
  expect(await makeSocketFolder(folder)).toBe(join(folder, 'run'));
  await removeSocketFolder(join(folder, 'run'), folder);
  expect((await stat(join(folder, 'run'))).isDirectory()).toBe(true);
});

test('a long data folder gets a short private folder of its own, always the same one, removed at the end', async () => {
  const long = join(folder, 'a'.repeat(60), 'b'.repeat(60));
  const short = await makeSocketFolder(long);
  expect(`${short}/replicas/mws1tsp0-001.sock`.length).toBeLessThanOrEqual(103);
  expect((await stat(short)).mode & 0o777).toBe(0o700);
  expect(await makeSocketFolder(long)).toBe(short);
  await removeSocketFolder(short, long);
  await expect(stat(short)).rejects.toThrow('ENOENT');
});

test('a short folder that somebody else could have prepared is refused', async () => {
  const long = join(folder, 'c'.repeat(120));
  const short = await makeSocketFolder(long);
  await chmod(short, 0o777);
  await expect(makeSocketFolder(long)).rejects.toThrow(/must be a folder of this user with mode 0700/);
  await rm(short, { recursive: true });
  await mkdir(short, { mode: 0o700 });
  expect(await makeSocketFolder(long)).toBe(short);
  await removeSocketFolder(short, long);
});
