import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';

const program = fileURLToPath(new URL('../start.ts', import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sparkler-start-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Started {
  readonly child: ChildProcess;
  readonly output: () => string;
  readonly ended: Promise<number | null>;
}

/** Runs the program as npm start does, on the engine that needs no model. */
function start(flags: readonly string[]): Started {
  const common = ['--port', '0', '--data', folder, '--runner', 'scripted'];
  const child = spawn(process.execPath, [program, ...common, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    env: { ...process.env, SPARKLER_CACHE: join(folder, 'cache') },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let text = '';
  const collect = (chunk: string) => {
    text += chunk;
  };
  child.stdout?.setEncoding('utf8').on('data', collect);
  child.stderr?.setEncoding('utf8').on('data', collect);
  // Not its close event: after disconnect() that one never comes.
  const exited = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const read = [child.stdout, child.stderr].map((stream) => stream && finished(stream));
  const ended = Promise.all([exited, ...read]).then(([code]) => code);
  return { child, output: () => text, ended };
}

async function untilOutput(started: Started, wanted: string): Promise<string> {
  await expect.poll(started.output, { timeout: 60_000, interval: 50 }).toContain(wanted);
  return started.output();
}

/** Command lines of the processes that work on the data folder, ours and Postgres's. */
function listWorkers(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      } catch {
        // It ended between the listing and the look.
        return '';
      }
    })
    .filter((command) => command.includes(folder));
}

const hasProc = process.platform === 'linux';

test('help is short and starts nothing', async () => {
  const started = start(['--help']);
  expect(await started.ended).toBe(0);
  expect(started.output()).toContain('--no-model');
  expect(started.output().split('\n').length).toBeLessThan(20);
});

test('a wrong option or value stops the start and says which', async () => {
  const misspelt = start(['--prt=1']);
  expect(await misspelt.ended).toBe(1);
  expect(misspelt.output()).toContain('Unknown option --prt; did you mean --port?');
  const wrong = start(['--port', '70000']);
  expect(await wrong.ended).toBe(1);
  expect(wrong.output()).toContain('--port is 70000');
});

test('a port in use is named, with the way out', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await new Promise((listening) => other.once('listening', listening));
  const { port } = other.address() as AddressInfo;
  const started = start(['--port', String(port)]);
  expect(await started.ended).toBe(1);
  expect(started.output()).toContain(`Port ${port} on 127.0.0.1 is in use`);
});

test('the first start shows the key once and an answer; later ones say where the key is; Ctrl-C ends all', async () => {
  const first = start([]);
  const shown = await untilOutput(first, 'Ctrl-C stops everything');
  const key = readFileSync(join(folder, 'api-key'), 'utf8').trim();
  expect(shown).toContain(key);
  expect(shown).toMatch(/A first answer, just now through this API: \d+\.\d s/);
  expect(shown).toMatch(/curl http:\/\/127\.0\.0\.1:\d+\/inference\/v1\/chat\/completions/);
  expect(shown).toContain('from openai import OpenAI');
  expect(shown).toContain("import OpenAI from 'openai'");
  expect(statSync(join(folder, 'api-key')).mode & 0o077).toBe(0);
  const [link = ''] = /http:\/\/127\.0\.0\.1:\d+\/sign-in\?token=[\w-]+/.exec(shown) ?? [];
  expect(await (await fetch(link)).text()).toContain('accounts/local/users/admin');

  const second = start([]);
  expect(await second.ended).toBe(1);
  expect(second.output()).toMatch(/Another server \(process \d+\) runs on the data folder/);

  first.child.kill('SIGINT');
  expect(await first.ended).toBe(0);
  if (hasProc) expect(listWorkers()).toEqual([]);

  const later = start([]);
  const told = await untilOutput(later, 'Ctrl-C stops everything');
  expect(told).not.toContain(key);
  expect(told).toContain(`kept in ${join(folder, 'api-key')}`);
  expect(told).toContain('A first answer');
  later.child.kill('SIGINT');
  expect(await later.ended).toBe(0);
}, 120_000);

test('without a model it runs, and when the parent is killed it stops in order', async () => {
  const started = start(['--no-model']);
  const shown = await untilOutput(started, 'Ctrl-C stops everything');
  expect(shown).toContain('Base URL');
  expect(shown).not.toContain('curl');
  started.child.disconnect();
  expect(await started.ended).toBe(0);
  if (hasProc) expect(listWorkers()).toEqual([]);
});
