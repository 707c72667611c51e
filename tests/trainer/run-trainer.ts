import { spawn } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainerEvent } from '../../packages/trainer/src/process/events.ts';
import type { TrainerConfig } from '../../packages/trainer/src/run/trainer-config.ts';

const program = new URL('../../packages/trainer/src/main.ts', import.meta.url).pathname;

/** A job that trains on one thread in steps of about 128 tokens; tests change what they are about. */
export function makeConfig(gguf: string, train: string): TrainerConfig {
  return {
    v: 1,
    jobId: 'test',
    base: { gguf, name: 'base' },
    warmStart: null,
    lora: { rank: 8, alpha: 16 },
    train: {
      epochs: 2,
      learningRate: 1e-3,
      warmupSteps: 2,
      batchTokens: 256,
      accumulationSteps: 1,
      maxContextTokens: 256,
      weightDecay: 0,
      clipNorm: 1,
      seed: 1,
    },
    evaluation: { everySteps: 1000, patience: null },
    checkpoint: { everySteps: 1000, keep: 1 },
    data: { train, evaluation: null, carveOut: false, chatTemplate: null },
    threads: 1,
    precision: 'bf16',
  };
}

/**
 * Runs the trainer process on a job folder and gives its events. Rejects with its last error when it ends
 * with another status than 0.
 */
export async function runTrainer(
  config: TrainerConfig,
  folder: string,
  ...flags: readonly string[]
): Promise<TrainerEvent[]> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  const child = spawn(process.execPath, [program, '--job', join(folder, 'config.json'), ...flags], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  let events = '';
  let problem = '';
  child.stdio[3]!.on('data', (bytes: Buffer) => {
    events += bytes.toString();
  });
  child.stderr!.on('data', (bytes: Buffer) => {
    problem += bytes.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`the trainer ended with ${code}: ${problem}`);
  return events
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TrainerEvent);
}

/** In place of SmolLM2's own, which is longer than most of the questions. */
export const systemPrompt = 'You are helpful.';

/** JSONL of one-turn chats. */
export async function writeChats(path: string, chats: readonly (readonly [string, string])[]): Promise<void> {
  const lines = chats.map(([question, answer]) =>
    JSON.stringify({
      messages: [
        { role: 'system', content: systemPrompt },
        { role: 'user', content: question },
        { role: 'assistant', content: answer },
      ],
    }),
  );
  await writeFile(path, `${lines.join('\n')}\n`);
}
