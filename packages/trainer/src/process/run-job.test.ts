import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '@sparkler/llama';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TrainerConfig } from '../run/trainer-config.ts';
import type { TrainerEvent } from './events.ts';

const mainFile = new URL('../main.ts', import.meta.url).pathname;
let folder: string;
let gguf: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-trainer-'));
  gguf = join(folder, 'tiny.gguf');
  await writeTinyModel(gguf, {});
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const rows = Array.from({ length: 20 }, (_, i) =>
  JSON.stringify({
    messages: [
      { role: 'user', content: `question ${i}` },
      { role: 'assistant', content: 'aye aye' },
    ],
  }),
);

interface RunResult {
  readonly code: number | null;
  readonly events: readonly (TrainerEvent & { seq: number })[];
  readonly folder: string;
}

let jobs = 0;

/** A job folder with a config; `change` edits it. */
async function createJob(
  change: (config: TrainerConfig) => TrainerConfig = (config) => config,
): Promise<string> {
  const job = join(folder, `job-${jobs++}`);
  const train = `${job}.jsonl`;
  await writeFile(train, `${rows.join('\n')}\n`);
  const config: TrainerConfig = {
    v: 1,
    jobId: 'j',
    base: { gguf, name: 'tiny' },
    warmStart: null,
    lora: { rank: 4, alpha: 8 },
    train: {
      epochs: 3,
      learningRate: 0.02,
      warmupSteps: 1,
      batchTokens: 128,
      accumulationSteps: 1,
      maxContextTokens: 256,
      weightDecay: 0,
      clipNorm: 1,
      seed: 1,
    },
    evaluation: { everySteps: 4, patience: null },
    checkpoint: { everySteps: 4, keep: 2 },
    data: { train, evaluation: null, carveOut: true, chatTemplate: null },
    threads: 1,
    precision: 'f32',
  };
  await mkdir(job, { recursive: true });
  await writeFile(join(job, 'config.json'), JSON.stringify(change(config)));
  return job;
}

/** R, S, T (stopped), … of proc(5). */
async function readProcessState(pid: number): Promise<string | undefined> {
  return /\) (\w) /.exec(await readFile(`/proc/${pid}/stat`, 'utf8'))?.[1];
}

/** Runs the trainer process; `onEvent` may send commands or signals. */
function run(
  job: string,
  args: readonly string[] = [],
  onEvent: (event: TrainerEvent, child: ReturnType<typeof spawn>) => void = () => undefined,
): Promise<RunResult> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [mainFile, '--job', join(job, 'config.json'), ...args], {
      stdio: ['pipe', 'ignore', 'ignore', 'pipe'],
    });
    const events: (TrainerEvent & { seq: number })[] = [];
    let rest = '';
    child.stdio[3]?.on('data', (bytes: Buffer) => {
      const lines = (rest + bytes.toString()).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = JSON.parse(line) as TrainerEvent & { seq: number };
        events.push(event);
        onEvent(event, child);
      }
    });
    child.on('close', (code) => resolve({ code, events, folder: job }));
  });
}

const losses = (result: Pick<RunResult, 'events'>): number[] =>
  result.events.flatMap((event) => (event.type === 'metric' ? [event.trainLoss] : []));
const evaluations = (result: RunResult): number[] =>
  result.events.flatMap((event) => (event.type === 'eval' ? [event.evalLoss] : []));

describe('a training job', () => {
  it('learns, evaluates, and leaves an adapter in both forms', async () => {
    const result = await run(await createJob());
    expect(result.code).toBe(0);
    const evals = evaluations(result);
    expect(evals.at(-1)!).toBeLessThan(0.7 * evals[0]!);
    expect((await readdir(join(result.folder, 'out'))).sort()).toEqual([
      'adapter.gguf',
      'adapter_config.json',
      'adapter_model.safetensors',
    ]);
    expect(result.events.map((event) => event.seq)).toEqual(result.events.map((_, i) => i));
    expect(result.events.at(-1)).toMatchObject({ type: 'done', status: 'completed' });
    const metrics = (await readFile(join(result.folder, 'metrics.jsonl'), 'utf8')).trim().split('\n');
    expect(metrics).toHaveLength(losses(result).length + evals.length);
  });

  it('can be looked at before it runs: report, bad lines, learned parts; no text is left in its folder', async () => {
    const job = await createJob();
    await writeFile(`${job}.jsonl`, `${rows.slice(0, 12).join('\n')}\n{"messages":[]}\nsecret\n`);
    const { code, events } = await run(job, ['--preview', '2', '--measure-speed']);
    expect(code).toBe(0);
    const event = events.find((each) => each.type === 'preview');
    if (event?.type !== 'preview') throw new Error('no preview');
    expect(event.flopsPerThread).toBeGreaterThan(0);
    const { report, samples, epochTokens, steps } = event.preview;
    expect(report).toMatchObject({ rows: 14, examples: 11, evaluationExamples: 1, tokens: epochTokens });
    expect(report.refused).toEqual([
      { line: 13, reason: '"messages" is empty' },
      { line: 14, reason: 'is not JSON' },
    ]);
    expect(report.histogram.reduce((sum, bucket) => sum + bucket.examples, 0)).toBe(11);
    expect(steps).toBeGreaterThan(3);
    expect(samples).toHaveLength(2);
    const learned = samples[0]!.filter((segment) => segment.supervised).map((segment) => segment.text);
    expect(learned.join('')).toContain('aye aye');
    expect(learned.join('')).not.toContain('question');
    expect(samples[0]!.map((segment) => segment.text).join('')).toContain('question 0');
    expect(await readdir(job)).toEqual(['config.json']);
  });

  it('gives the same losses for the same seed', async () => {
    const first = await run(await createJob());
    const second = await run(await createJob());
    expect(losses(second)).toEqual(losses(first));
    const other = await run(
      await createJob((config) => ({ ...config, train: { ...config.train, seed: 2 } })),
    );
    expect(losses(other)).not.toEqual(losses(first));
  });

  it('killed -9 in the middle, goes on bit for bit from its last checkpoint', async () => {
    const whole = await run(await createJob());
    const job = await createJob();
    await run(job, [], (event, child) => {
      if (event.type === 'metric' && event.step === 6) child.kill('SIGKILL');
    });
    const resumed = await run(job, ['--resume']);
    const started = resumed.events.find((event) => event.type === 'started');
    expect(started).toMatchObject({ resumedFromStep: 4 });
    expect(losses(resumed)).toEqual(losses(whole).slice(4));
    const adapter = (path: string) => readFile(join(path, 'out', 'adapter_model.safetensors'));
    expect(await adapter(job)).toEqual(await adapter(whole.folder));
  });

  it('pauses with a checkpoint on SIGTERM, and goes on bit for bit', async () => {
    const job = await createJob();
    const paused = await run(job, [], (event, child) => {
      if (event.type === 'metric' && event.step === 2) child.kill('SIGTERM');
    });
    expect(paused.code).toBe(75);
    expect(paused.events.at(-1)).toMatchObject({ type: 'done', status: 'paused', files: [] });
    const resumed = await run(job, ['--resume']);
    expect(resumed.code).toBe(0);
    const whole = await run(await createJob());
    expect([...losses(paused), ...losses(resumed)]).toEqual(losses(whole));
    expect([...evaluations(paused), ...evaluations(resumed)]).toEqual(evaluations(whole));
  });

  it('pauses when whoever supervises it is gone', async () => {
    const job = await createJob((config) => ({ ...config, train: { ...config.train, epochs: 100 } }));
    const { code } = await run(job, ['--supervised'], (event, child) => {
      if (event.type === 'metric' && event.step === 2) child.stdin?.end();
    });
    expect(code).toBe(75);
  });

  it.each([
    ['cancel', 130],
    ['pause', 75],
  ])('ends the running step at most when it is told to %s', async (command, code) => {
    // So many epochs are not over before it is told.
    const job = await createJob((config) => ({ ...config, train: { ...config.train, epochs: 100 } }));
    const steps = async () =>
      (await readFile(join(job, 'metrics.jsonl'), 'utf8'))
        .split('\n')
        .filter((line) => line.includes('"metric"'));
    let before = 0;
    let told = 0;
    let telling: Promise<void> | null = null;
    /** While it stands still, or it would take further steps before the command is there. */
    const tell = async (child: ReturnType<typeof spawn>) => {
      child.kill('SIGSTOP');
      await vi.waitFor(async () => expect(await readProcessState(child.pid!)).toBe('T'), 10_000);
      // It tells of a step first and writes it down then: it may stand still between the two.
      before = Math.max(told, (await steps()).length);
      child.stdin?.write(`{"cmd":"${command}"}\n`);
      child.kill('SIGCONT');
    };
    const result = await run(job, [], (event, child) => {
      if (event.type !== 'metric') return;
      told = event.step;
      if (told >= 3) telling ??= tell(child);
    });
    await telling;
    expect(result.code).toBe(code);
    expect(before).toBeGreaterThanOrEqual(3);
    expect((await steps()).length - before).toBeLessThanOrEqual(1);
    const last = result.events.findLast((event) => event.type === 'checkpoint');
    expect(last).toMatchObject({ step: losses(result).length });
  });

  it('stops early when the evaluation gets no better, and hands out the best', async () => {
    const result = await run(
      await createJob((config) => ({
        ...config,
        train: { ...config.train, epochs: 40, learningRate: 0.5, clipNorm: 100 },
        evaluation: { everySteps: 1, patience: 2 },
      })),
    );
    expect(result.events.at(-1)).toMatchObject({ type: 'done', status: 'early_stopped' });
    const evals = evaluations(result);
    const best = evals.indexOf(Math.min(...evals));
    expect(result.events.at(-1)).toMatchObject({ bestStep: best });
    expect(evals.length).toBe(best + 1 + 2);
  });

  it('continues another adapter at its last loss', async () => {
    const parent = await run(
      await createJob((config) => ({ ...config, data: { ...config.data, carveOut: false } })),
    );
    const child = await run(
      await createJob((config) => ({
        ...config,
        warmStart: join(parent.folder, 'out'),
        data: { ...config.data, carveOut: false },
        train: { ...config.train, batchTokens: 100_000, epochs: 1 },
      })),
    );
    const again = await run(
      await createJob((config) => ({
        ...config,
        warmStart: join(parent.folder, 'out'),
        data: { ...config.data, carveOut: false },
        train: { ...config.train, batchTokens: 100_000, epochs: 1, seed: 9 },
      })),
    );
    expect(losses(child)[0]!).toBeLessThan(losses(parent)[0]!);
    expect(losses(again)[0]!).toBeCloseTo(losses(child)[0]!, 3);
  });
});

describe('a job that cannot be trained', () => {
  it('says which lines are wrong, before any training', async () => {
    const job = await createJob();
    await writeFile(`${job}.jsonl`, `${rows.slice(0, 3).join('\n')}\n{"messages":[]}\nnope\n`);
    const result = await run(job);
    expect(result.code).toBe(3);
    const error = result.events.find((event) => event.type === 'error');
    expect(error).toMatchObject({ code: 'BAD_DATA' });
    expect(JSON.stringify(error)).toContain('line 4');
    expect(JSON.stringify(error)).toContain('line 5');
  });

  it('refuses two rows, a bad template and a wrong parent adapter', async () => {
    const few = await createJob();
    await writeFile(`${few}.jsonl`, `${rows.slice(0, 2).join('\n')}\n`);
    expect((await run(few)).events.at(-1)).toMatchObject({ type: 'error', code: 'BAD_DATA' });
    const template = await createJob((config) => ({
      ...config,
      data: { ...config.data, chatTemplate: '{% if %}' },
    }));
    expect((await run(template)).events.at(-1)).toMatchObject({ type: 'error', code: 'BAD_CONFIG' });
    const parent = await run(await createJob());
    const wrong = await createJob((config) => ({
      ...config,
      warmStart: join(parent.folder, 'out'),
      lora: { rank: 8, alpha: 16 },
    }));
    const event = (await run(wrong)).events.at(-1);
    expect(event).toMatchObject({ type: 'error', code: 'BAD_CONFIG' });
    expect(JSON.stringify(event)).toContain('Invalid LoRA weight');
  });
});
