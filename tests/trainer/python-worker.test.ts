import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '@sparkler/llama';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planProcesses, probePython } from '../../packages/trainer/src/process/python-worker.ts';
import type { TrainerConfig, WorkerConfig } from '../../packages/trainer/src/run/trainer-config.ts';
import { trainingChats } from './habit-chats.ts';
import { makeConfig, runTrainer, writeChats } from './run-trainer.ts';

/**
 * The Python trainer as the platform starts it. With packages only where SPARKLER_TRAINER_PYTHON names one.
 */

const python = process.env.SPARKLER_TRAINER_PYTHON;
const reason = python ? '' : ' (skipped: SPARKLER_TRAINER_PYTHON names no environment of requirements.lock)';
const worker: WorkerConfig = { python: python ?? 'python3', device: 'cpu', processes: 1, strategy: 'auto' };

let folder: string;
let config: TrainerConfig;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-worker-'));
  const gguf = join(folder, 'tiny.gguf');
  await writeTinyModel(gguf, { kvHeads: 2, type: 'f32' });
  await writeChats(join(folder, 'train.jsonl'), trainingChats);
  const plain = makeConfig(gguf, join(folder, 'train.jsonl'));
  const train = { ...plain.train, epochs: 1, learningRate: 0.01, batchTokens: 400 };
  config = { ...plain, precision: 'f32', train };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('what is missing is said, with what to do', () => {
  test('no such Python', async () => {
    const none = { ...worker, python: join(folder, 'bin/python') };
    await expect(probePython(none)).rejects.toThrow(
      /there is no such program.*install-python\.ts.*SPARKLER_TRAINER_PYTHON/,
    );
    const job = join(folder, 'none');
    await expect(runTrainer({ ...config, worker: none }, job)).rejects.toThrow('ended with 2');
    expect(await readFile(join(job, 'events.jsonl'), 'utf8')).toContain('install-python.ts');
  });

  test('no GPU, or too few', () => {
    const cuda = { ...worker, device: 'cuda' as const };
    const facts = { torch: '2.15.0', gpus: 0 };
    expect(() => planProcesses(cuda, facts)).toThrow(/sees no GPU.*SPARKLER_TRAINER_DEVICE=cpu/);
    expect(() => planProcesses({ ...cuda, processes: 4 }, { ...facts, gpus: 2 })).toThrow('4 processes');
    expect(planProcesses({ ...cuda, processes: 0 }, { ...facts, gpus: 8 })).toBe(8);
    expect(planProcesses({ ...worker, processes: 2 }, facts)).toBe(2);
  });
});

test.skipIf(!python)(
  `its losses are those of the embedded trainer, in one process and with layers dealt out to two${reason}`,
  async () => {
    const lossesOf = async (name: string, change: Partial<TrainerConfig>) =>
      (await runTrainer({ ...config, ...change }, join(folder, name))).flatMap((event) =>
        event.type === 'metric' ? [event.trainLoss] : [],
      );
    const ours = await lossesOf('embedded', {});
    expect(ours.length).toBeGreaterThan(4);
    for (const [name, change] of Object.entries({
      one: {},
      sharded: { processes: 2, strategy: 'fsdp' as const },
    })) {
      const theirs = await lossesOf(name, { worker: { ...worker, ...change } });
      expect(theirs).toHaveLength(ours.length);
      expect(Math.max(...theirs.map((loss, step) => Math.abs(loss - ours[step]!)))).toBeLessThan(1e-3);
      const events = await readFile(join(folder, name, 'events.jsonl'), 'utf8');
      expect(events).toContain(name === 'sharded' ? '2 x processor, sharded' : '1 x processor');
      expect(events.trim().split('\n').at(-1)).toContain('"status":"completed"');
    }
  },
  1_200_000,
);
