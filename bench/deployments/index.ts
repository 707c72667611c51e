import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startServer } from '../../packages/server/src/main.ts';
import { loadSettings } from '../../packages/server/src/settings-load.ts';
import { type BenchOptions, type BenchReport, type BenchRow, makeRow } from '../bench-row.ts';
import { median } from '../median.ts';
import { takeTurns } from '../take-turns.ts';
import { fetchTestModel } from '../test-model.ts';
import { startBareEngine } from './bare-engine.ts';
import { measureTakeover } from './measure-takeover.ts';

export const name = 'deployments';

const base = 'accounts/fireworks/models/smollm2-135m-instruct';
/** What a caller should wait at most for the first token of a deployment that sleeps, files cached. */
const wakeGoalMs = 1_500;
/** Of two servers on one database, how long nobody may act after the leader's death. */
const takeoverGoalMs = 10_000;

/** The whole platform against one bare engine process of the same model: what starting through it costs. */
export async function run({
  quick = false,
  tell = () => undefined,
}: BenchOptions = {}): Promise<BenchReport> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-bench-'));
  const modelPath = await fetchTestModel();
  tell('starting a server');
  const platform = await startPlatform(folder);
  const rounds = quick ? 1 : 5;
  try {
    await platform.create('awake');
    tell('waking a deployment that sleeps');
    const wake = await takeTurns(
      rounds,
      () => platform.wake('awake'),
      async () => (await startBareEngine(modelPath, folder)).firstTokenMs,
    );
    tell('creating deployments');
    let made = 0;
    const create = await takeTurns(
      rounds,
      () => platform.createAndDelete(`d${++made}`),
      async () => (await startBareEngine(modelPath, folder)).readyMs,
    );
    tell('killing a server that leads');
    const takeovers: number[] = [];
    for (let round = 0; round < (quick ? 1 : 3); round += 1) takeovers.push(await measureTakeover());
    const takeoverMs = median(takeovers);
    const anchorName = 'bare engine process';
    const rows: BenchRow[] = [
      makeRow({ metric: 'wake from zero to first token', unit: 'ms', ...wake, anchorName, goal: '<= 1.5' }),
      makeClockRow('wake from zero, by the clock', wake.ours, wakeGoalMs),
      makeRow({ metric: 'create to READY', unit: 'ms', ...create, anchorName, goal: '<= 2' }),
      makeClockRow('takeover: leader killed to an answer by the other', takeoverMs, takeoverGoalMs),
    ];
    return { name, rows };
  } finally {
    await platform.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A figure that has nothing to be compared with but a clock. */
function makeClockRow(metric: string, ms: number, goalMs: number): BenchRow {
  const measured = { ours: Math.round(ms), anchor: null, anchorName: null, ratio: null };
  return { metric, unit: 'ms', ...measured, goal: `<= ${goalMs} ms`, holds: ms <= goalMs };
}

async function startPlatform(folder: string) {
  const { settings } = loadSettings({
    SPARKLER_DATA: folder,
    SPARKLER_PORT: '0',
    SPARKLER_MODEL: '',
    SPARKLER_ENGINE_THREADS: '1',
    SPARKLER_ENGINE_CELLS: '4096',
    SPARKLER_ENGINE_SEQUENCES: '8',
    ...(process.env.SPARKLER_CACHE ? { SPARKLER_CACHE: process.env.SPARKLER_CACHE } : {}),
  });
  const server = await startServer(settings, { log: pino({ level: 'silent' }) });
  const key = (await readFile(server.apiKeyFile, 'utf8')).trim();
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const account = 'accounts/local/deployments';

  async function call(method: string, path: string, body?: object): Promise<Record<string, unknown>> {
    const init = { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) };
    const response = await fetch(`${server.baseUrl}/v1/${path}`, init);
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return JSON.parse(text) as Record<string, unknown>;
  }
  async function until(id: string, isThere: (deployment: Record<string, unknown>) => boolean): Promise<void> {
    while (!isThere(await call('GET', `${account}/${id}`))) await sleep(10);
  }
  async function isThere(id: string): Promise<boolean> {
    const response = await fetch(`${server.baseUrl}/v1/${account}/${id}`, { headers });
    await response.text();
    return response.status !== 404;
  }
  async function create(id: string): Promise<number> {
    const startMs = performance.now();
    await call('POST', `${account}?deploymentId=${id}`, { baseModel: base });
    await until(id, ({ state }) => state === 'READY');
    return performance.now() - startMs;
  }
  return {
    create,
    async createAndDelete(id: string): Promise<number> {
      const ms = await create(id);
      await call('DELETE', `${account}/${id}?hard=true&ignoreChecks=true`);
      // For good: its row goes with its last replica.
      while (await isThere(id)) await sleep(10);
      return ms;
    },
    async wake(id: string): Promise<number> {
      await call('PATCH', `${account}/${id}:scale`, { replicaCount: 0 });
      await until(id, ({ replicaCount }) => replicaCount === 0);
      const startMs = performance.now();
      const body = { model: `${base}#${account}/${id}`, prompt: 'The sky is', max_tokens: 1, temperature: 0 };
      const response = await fetch(`${server.baseUrl}/inference/v1/completions`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ ...body, stream: true }),
      });
      let text = '';
      for await (const part of response.body!.pipeThrough(new TextDecoderStream())) {
        text += part;
        if (text.includes('data: ')) break;
      }
      if (!text.includes('"text"')) throw new Error(`no token came: ${text}`);
      return performance.now() - startMs;
    },
    close: () => server.close(),
  };
}
