import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  startTrainer,
  type TrainerExit,
  type TrainerReport,
} from '../../packages/server/src/launch/trainer-process.ts';
import { planTrainerConfig } from '../../packages/server/src/reconcile/fine-tuning-jobs/trainer-config.ts';
import type { JobResource } from '../../packages/server/src/store/fine-tuning-jobs.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-trainer-process-'));
  await writeTinyModel(join(folder, 'tiny.gguf'), {});
  const line = JSON.stringify({
    messages: [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
    ],
  });
  await writeFile(join(folder, 'data.jsonl'), `${line}\n`.repeat(40));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A job that is not over before something is done to it. */
async function writeJob(name: string): Promise<string> {
  const job = { name: `accounts/a/supervisedFineTuningJobs/${name}`, dataset: 'd', epochs: 100 };
  const spec = { ...job, learningRate: 0.01, learningRateWarmupSteps: 0, batchSize: 64, loraRank: 4 };
  const files = {
    baseGguf: join(folder, 'tiny.gguf'),
    baseName: 'tiny',
    trainData: join(folder, 'data.jsonl'),
    evaluationData: null,
    warmStart: null,
  };
  const more = { gradientAccumulationSteps: 1, maxContextLength: 256 };
  const config = planTrainerConfig({ ...spec, ...more } as JobResource, files, 1);
  await mkdir(join(folder, name));
  await writeFile(join(folder, name, 'config.json'), JSON.stringify(config));
  return join(folder, name);
}

test('a trainer that falls silent is killed', async () => {
  let isSilent = false;
  const exit = new Promise<TrainerExit>((resolve) => {
    const onReport = (report: TrainerReport): void => {
      if (report.type === 'started') trainerPid = Number(report.pid);
      if (report.type !== 'metric' || isSilent) return;
      isSilent = true;
      process.kill(trainerPid, 'SIGSTOP');
    };
    let trainerPid = 0;
    void writeJob('silent').then((job) =>
      startTrainer(job, { onReport, onExit: resolve }, { silenceMs: () => (isSilent ? 100 : 60_000) }),
    );
  });
  expect((await exit).code).toBeNull();
  expect(isSilent).toBe(true);
}, 60_000);
