import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '@sparkler/llama';
import { expect, test } from 'vitest';
import { trainingChats } from './habit-chats.ts';
import { makeConfig, runTrainer, writeChats } from './run-trainer.ts';
import { findTorch, runTorch } from './torch.ts';

const python = await findTorch();
const steps = 20;
const reason = python === null ? ' (skipped: no Python here has torch; set SPARKLER_TORCH_PYTHON)' : '';

/**
 * Opt-in by having PyTorch: `apt-get install python3-torch libopenblas0-pthread`, or SPARKLER_TORCH_PYTHON.
 */
test.skipIf(python === null)(
  `the losses of ${steps} steps are those of PyTorch on the same tokens and adapter, to 1e-3${reason}`,
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'sparkler-parity-'));
    try {
      const path = join(folder, 'tiny.gguf');
      await writeTinyModel(path, { kvHeads: 2, type: 'f32' });
      await writeChats(join(folder, 'train.jsonl'), trainingChats);
      const plain = makeConfig(path, join(folder, 'train.jsonl'));
      const train = { ...plain.train, epochs: 3, learningRate: 0.01, batchTokens: 400, weightDecay: 0.01 };
      const config = { ...plain, precision: 'f32' as const, train };
      const job = join(folder, 'job');
      await runTrainer(config, job, '--prepare', '--with-base');
      const theirs = (await runTorch(python!, job, steps)).map((step) => step.loss);
      const events = await runTrainer(config, job);
      const ours = events.flatMap((event) => (event.type === 'metric' ? [event.trainLoss] : []));
      expect(theirs).toHaveLength(steps);
      const differences = theirs.map((loss, step) => Math.abs(loss - ours[step]!));
      expect(Math.max(...differences)).toBeLessThan(1e-3);
      expect(ours[steps - 1]!).toBeLessThan(0.8 * ours[0]!);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
