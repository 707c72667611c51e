import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { withFileLock } from './file-lock.ts';
import { makeFolder } from './testing-files.ts';

const signal = new AbortController().signal;
const ignore = () => undefined;

test('one action at a time, in every order of arrival', async () => {
  const path = join(makeFolder(), 'a.lock');
  let inside = 0;
  let most = 0;
  const action = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((wake) => setTimeout(wake, 20));
    inside -= 1;
  };
  await Promise.all([1, 2, 3].map(() => withFileLock(path, signal, ignore, action)));
  expect(most).toBe(1);
  expect(existsSync(path)).toBe(false);
});

test('the lock of a dead process is taken over', async () => {
  const path = join(makeFolder(), 'a.lock');
  const { pid } = spawnSync(process.execPath, ['--version']);
  writeFileSync(path, JSON.stringify({ pid, host: hostname() }));
  expect(
    await withFileLock(
      path,
      signal,
      () => expect.unreachable(),
      async () => 7,
    ),
  ).toBe(7);
});

test("another host's lock counts until it is old", async () => {
  const path = join(makeFolder(), 'a.lock');
  writeFileSync(path, JSON.stringify({ pid: 1, host: 'elsewhere' }));
  let waits = 0;
  const onWait = () => {
    waits += 1;
    utimesSync(path, new Date(0), new Date(0));
  };
  expect(await withFileLock(path, signal, onWait, async () => 7)).toBe(7);
  expect(waits).toBe(1);
});

test('the lock goes away when the action fails, and waiting can be stopped', async () => {
  const path = join(makeFolder(), 'a.lock');
  const failed = withFileLock(path, signal, ignore, () => Promise.reject(new Error('no')));
  await expect(failed).rejects.toThrow('no');
  const stop = new AbortController();
  await withFileLock(path, signal, ignore, async () => {
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
    const waiting = withFileLock(
      path,
      stop.signal,
      () => stop.abort(),
      async () => expect.unreachable(),
    );
    await expect(waiting).rejects.toThrow(/abort/i);
  });
});
