import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openFolder, scriptPath, spawnEngine } from '../testing/spawn-engine.ts';
import { exitCodes } from './exit-codes.ts';

const main = new URL('../main.ts', import.meta.url).pathname;

/** Posts and hands out the response as soon as its head is there. */
function post(address: string, route: string, body: object): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    const target = address.startsWith('http') ? { ...urlParts(address) } : { socketPath: address };
    const headers = { 'content-type': 'application/json' };
    const request = http.request({ ...target, method: 'POST', path: route, headers }, resolve);
    request.on('error', reject);
    request.end(JSON.stringify(body));
  });
}

function urlParts(address: string): { host: string; port: string } {
  const { hostname, port } = new URL(address);
  return { host: hostname, port };
}

async function readAll(response: http.IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of response) text += part;
  return text;
}

const ask = (text: string, more: object = {}) => ({
  model: 'test',
  messages: [{ role: 'user', content: `SAY ${text}` }],
  ...more,
});

async function statusOf(address: string): Promise<Record<string, number>> {
  return (await (await fetch(`${address}/status`)).json()) as Record<string, number>;
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await sleep(10);
}

test('tells its life: loading, ready with its limits, draining', async () => {
  const engine = await spawnEngine(['--cells', '2048', '--sequences', '4']);
  expect(engine.events[0]).toEqual({ event: 'loading', fraction: 0 });
  expect(engine.events.at(-1)).toMatchObject({
    event: 'ready',
    name: 'test',
    cellsMax: 2048,
    sequencesMax: 4,
  });
  engine.child.kill('SIGTERM');
  expect(await engine.exit).toBe(exitCodes.stopped);
  expect(engine.events.at(-1)).toMatchObject({ event: 'draining' });
});

test('listens on a Unix socket, also where a killed engine left its own behind', async () => {
  using folder = openFolder();
  const socketPath = path.join(folder.path, 'engine.sock');
  const flags = ['--socket', socketPath];
  const first = await spawnEngine(flags);
  first.child.kill('SIGKILL');
  await first.exit;
  expect(existsSync(socketPath)).toBe(true);
  const second = await spawnEngine(flags);
  const answer = JSON.parse(await readAll(await post(socketPath, '/v1/chat/completions', ask('hi'))));
  expect(answer.choices[0].message.content).toBe('hi');
  await second.stop();
});

test('lets running answers finish when told to stop, and takes no new ones', async () => {
  const engine = await spawnEngine(['--script', scriptPath('slow')]);
  const response = await post(
    engine.address,
    '/v1/chat/completions',
    ask('twenty characters ok', { stream: true }),
  );
  engine.child.kill('SIGTERM');
  await until(async () => engine.events.some((event) => event.event === 'draining'));
  await expect(fetch(`${engine.address}/health`)).rejects.toThrow();
  const text = await readAll(response);
  expect(text).toContain('"finish_reason":"stop"');
  expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  expect(await engine.exit).toBe(exitCodes.stopped);
});

test('ends answers that outlast the grace with an error event', async () => {
  const engine = await spawnEngine(['--script', scriptPath('slow'), '--grace-ms', '50']);
  const long = 'x'.repeat(2000);
  const response = await post(engine.address, '/v1/chat/completions', ask(long, { stream: true }));
  engine.child.kill('SIGTERM');
  const text = await readAll(response);
  expect(text).toContain('"code":"SERVICE_UNAVAILABLE"');
  expect(text).not.toContain('[DONE]');
  expect(await engine.exit).toBe(exitCodes.stopped);
});

test('a second signal stops it at once', async () => {
  const engine = await spawnEngine(['--script', scriptPath('slow')]);
  const response = await post(
    engine.address,
    '/v1/chat/completions',
    ask('x'.repeat(2000), { stream: true }),
  );
  response.on('error', () => undefined).resume();
  engine.child.kill('SIGTERM');
  await until(async () => engine.events.some((event) => event.event === 'draining'));
  engine.child.kill('SIGTERM');
  expect(await engine.exit).toBe(exitCodes.failed);
});

test('a client that goes away ends its request', async () => {
  const engine = await spawnEngine(['--script', scriptPath('slow')]);
  for (const stream of [true, false]) {
    const { host, port } = urlParts(engine.address);
    const headers = { 'content-type': 'application/json' };
    const request = http.request({ host, port, method: 'POST', path: '/v1/chat/completions', headers });
    request.on('error', () => undefined);
    request.end(JSON.stringify(ask('x'.repeat(2000), { stream })));
    await until(async () => (await statusOf(engine.address)).running === 1);
    request.destroy();
    await until(async () => (await statusOf(engine.address)).running === 0);
  }
  await engine.stop();
});

test('a forward call that hangs ends the process with its own code, telling the shapes in flight but no text', async () => {
  const engine = await spawnEngine(['--script', scriptPath('hanging'), '--step-timeout-ms', '200']);
  const lost = post(engine.address, '/v1/chat/completions', ask('a secret', { top_k: 5, stop: 'END' }));
  await expect(lost).rejects.toThrow();
  expect(await engine.exit).toBe(exitCodes.hung);
  const fatal = engine.events.at(-1)!;
  expect(fatal).toMatchObject({
    event: 'fatal',
    inFlight: [{ promptTokens: expect.any(Number), maxTokens: 2048, choices: 1, options: ['top_k', 'stop'] }],
  });
  expect(JSON.stringify(engine.events)).not.toContain('secret');
});

test('a runner that fails ends the process', async () => {
  const engine = await spawnEngine(['--script', scriptPath('failing')]);
  const response = await post(engine.address, '/v1/chat/completions', ask('x'));
  expect(response.statusCode).toBe(500);
  expect(JSON.parse(await readAll(response)).error.code).toBe('INTERNAL_SERVER_ERROR');
  expect(await engine.exit).toBe(exitCodes.failed);
  expect(engine.events.at(-1)).toMatchObject({ event: 'fatal', inFlight: [{ choices: 1 }] });
});

test('what a native fault left in flight is told by the next process', async () => {
  using folder = openFolder();
  const report = path.join(folder.path, 'in-flight.jsonl');
  const flags = ['--crash-report', report];
  const first = await spawnEngine([...flags, '--script', scriptPath('aborting')]);
  await expect(post(first.address, '/v1/chat/completions', ask('a secret', { n: 2 }))).rejects.toThrow();
  expect(await first.exit).toBe('SIGABRT');
  expect(readFileSync(report, 'utf8')).not.toContain('secret');
  const second = await spawnEngine(flags);
  expect(second.events[0]).toMatchObject({ event: 'crash-report', inFlight: [{ choices: 2 }] });
  await readAll(await post(second.address, '/v1/chat/completions', ask('fine')));
  second.child.kill('SIGTERM');
  await second.exit;
  const third = await spawnEngine(flags);
  expect(third.events.some((event) => event.event === 'crash-report')).toBe(false);
  await third.stop();
});

test('an engine whose owner is killed goes too', async () => {
  using folder = openFolder();
  const owner = path.join(folder.path, 'owner.mjs');
  writeFileSync(
    owner,
    `import { spawn } from 'node:child_process';
     const flags = ['--runner', 'scripted', '--name', 'test', '--port', '0'];
     const engine = spawn(process.execPath, [${JSON.stringify(main)}, ...flags], { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
     engine.stdout.on('data', (data) => { if (String(data).includes('ready')) console.log(engine.pid); });`,
  );
  const child = spawn(process.execPath, [owner], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) => {
    child.stdout.once('data', (data) => resolve(Number(String(data))));
  });
  expect(isAlive(pid)).toBe(true);
  child.kill('SIGKILL');
  await until(async () => !isAlive(pid));
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a wrong flag is refused with a sentence', () => {
  const result = spawnSync(process.execPath, [main, '--port', '0'], { encoding: 'utf8' });
  expect(result.status).toBe(exitCodes.wrongFlags);
  expect(result.stderr).toMatch(/^--model is missing: .*\n$/);
});

test('--help shows examples', () => {
  const result = spawnSync(process.execPath, [main, '--help'], { encoding: 'utf8' });
  expect(result.status).toBe(0);
  expect(result.stdout).toContain('Examples');
});

test('a model that is not there is a fatal event, not a stack', () => {
  const flags = ['--model', '/nowhere.gguf', '--name', 'x', '--port', '0'];
  const result = spawnSync(process.execPath, [main, ...flags], { encoding: 'utf8' });
  expect(result.status).toBe(exitCodes.cannotStart);
  expect(JSON.parse(result.stdout.trim().split('\n').at(-1)!)).toMatchObject({
    event: 'fatal',
    message: expect.stringContaining('/nowhere.gguf'),
  });
});
