import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Choke, startChoke } from './choke.ts';
import { runProgram } from './run-program.ts';
import { type GuideServer, startGuideServer } from './start-guide-server.ts';

/** firectl killed in the middle of a model's files, and started again. */
const main = fileURLToPath(new URL('../../packages/cli/src/main.ts', import.meta.url));
const bigBytes = 48_000_000;
let server: GuideServer;
let choke: Choke;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  server = await startGuideServer();
  choke = await startChoke(server.platform.baseUrl);
  env = { ...process.env, ...server.environment, FIREWORKS_API_BASE: choke.url };
  const big = Buffer.alloc(bigBytes);
  for (let at = 0; at < bigBytes; at += 4) big.writeUInt32LE(at, at);
  await writeFile(join(server.folder, 'model', 'big.bin'), big);
});
afterAll(async () => {
  choke?.close();
  await server?.stop();
});

/** Starts firectl, kills it when one way of the choke is full. */
async function killInTheMiddle(args: readonly string[]): Promise<NodeJS.Signals | null> {
  const isFull = choke.whenFull();
  const child: ChildProcess = spawn(process.execPath, [main, ...args], { env, stdio: 'ignore' });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('close', (_code, signal) => resolve(signal)),
  );
  await Promise.race([isFull, ended]);
  child.kill('SIGKILL');
  const signal = await ended;
  choke.drop();
  return signal;
}

const run = (args: readonly string[]) => runProgram(process.execPath, [main, ...args], { env });
const hashOf = async (path: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(path))
    .digest('hex');

test('an upload that is killed goes on where it was, and what arrives is what was sent', {
  timeout: 120_000,
}, async () => {
  const create = ['create', 'model', 'killed', join(server.folder, 'model')];
  choke.open(bigBytes / 2, Number.POSITIVE_INFINITY);
  expect(await killInTheMiddle(create)).toBe('SIGKILL');
  choke.open(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  const again = await run(create);
  expect(again).toMatchObject({ code: 0, out: expect.stringContaining('State: READY') });
  expect(again.note).toContain('Going on with the upload of accounts/local/models/killed');
  expect(again.note).not.toContain('no checksum');
  expect(choke.passed.up).toBeLessThan(bigBytes * 0.7);
  expect((await run(create)).note).toContain('exists already');

  const target = join(server.folder, 'killed');
  const download = ['download', 'model', 'killed', target];
  choke.open(Number.POSITIVE_INFINITY, bigBytes / 2);
  expect(await killInTheMiddle(download)).toBe('SIGKILL');
  expect((await stat(join(target, 'big.bin.partial'))).size).toBeGreaterThan(bigBytes / 10);
  choke.open(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY);
  expect(await run(download)).toMatchObject({ code: 0 });
  expect(choke.passed.down).toBeLessThan(bigBytes * 0.9);
  expect(await hashOf(join(target, 'big.bin'))).toBe(await hashOf(join(server.folder, 'model', 'big.bin')));
});
