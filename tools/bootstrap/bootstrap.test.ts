import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { repositoryRoot } from '../checks/source-files.ts';

const lockfile = {
  name: 'fixture',
  version: '1.0.0',
  lockfileVersion: 3,
  requires: true,
  packages: { '': { name: 'fixture', version: '1.0.0' } },
};

/** A repository of its own, with nothing to install, so that npm needs no network. */
function makeRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sparkler-bootstrap-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  cpSync(join(repositoryRoot, 'bootstrap.mjs'), join(folder, 'bootstrap.mjs'));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'fixture', version: '1.0.0', type: 'module' }),
  );
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockfile));
  writeFileSync(
    join(folder, 'program.ts'),
    `const given: string[] = process.argv.slice(2);
    console.log(JSON.stringify({ given, path: process.env.PATH }));
    process.exitCode = Number(given[0] ?? 0);`,
  );
  return folder;
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runBootstrap(folder: string, programArguments: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['bootstrap.mjs', ...programArguments], {
    cwd: folder,
    env: { ...process.env, npm_execpath: undefined },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
}

test('the program gets its arguments, Node 24 first on the path, and its exit code is passed on', async () => {
  const folder = makeRepository();
  mkdirSync(join(folder, 'node_modules'));
  const ended = await runBootstrap(folder, ['program.ts', '7', '--flag']);
  expect(ended.code).toBe(7);
  const told = JSON.parse(ended.stdout) as { given: string[]; path: string };
  expect(told.given).toEqual(['7', '--flag']);
  expect(told.path).toContain(join(folder, 'node_modules', '.bin'));
});

test('of two that start at once one installs, and later starts install nothing', async () => {
  const folder = makeRepository();
  const both = await Promise.all([
    runBootstrap(folder, ['program.ts']),
    runBootstrap(folder, ['program.ts']),
  ]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const installs = both.filter(({ stderr }) => stderr.includes('Installed 0 packages'));
  expect(installs).toHaveLength(1);
  expect((await runBootstrap(folder, ['program.ts'])).stderr).toBe('');
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lockfile, null, 1));
  expect((await runBootstrap(folder, ['program.ts'])).code).toBe(0);
});

test('the lock of an installer that was killed is taken over', async () => {
  const folder = makeRepository();
  mkdirSync(join(folder, '.cache'));
  const gone = spawn(process.execPath, ['--version']);
  await new Promise((closed) => gone.on('close', closed));
  writeFileSync(join(folder, '.cache/install.lock'), JSON.stringify({ pid: gone.pid, host: hostname() }));
  expect((await runBootstrap(folder, ['program.ts'])).code).toBe(0);
  expect(existsSync(join(folder, '.cache/install.lock'))).toBe(false);
});

test('a failed installation says what is wrong and leaves no stamp', async () => {
  const folder = makeRepository();
  const wanted = { name: 'fixture', version: '1.0.0', dependencies: { missing: '1.0.0' } };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(wanted));
  const locked = { ...lockfile, packages: { '': wanted, 'node_modules/other': { version: '1.0.0' } } };
  writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(locked));
  const ended = await runBootstrap(folder, ['program.ts']);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toMatch(/Installing the packages failed\. \S/);
  expect(ended.stdout).toBe('');
  expect(existsSync(join(folder, 'node_modules/.sparkler-install.json'))).toBe(false);
});

test('without a program it says how it is used', async () => {
  const ended = await runBootstrap(makeRepository(), []);
  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain('Usage: node bootstrap.mjs');
});

test('what .ci/run calls is the test command of the README', () => {
  const readme = readFileSync(join(repositoryRoot, 'README.md'), 'utf8');
  const run = readFileSync(join(repositoryRoot, '.ci/run'), 'utf8');
  expect(readme).toMatch(/^npm test {2}/m);
  expect(run).toMatch(/^npm test\b/m);
});
