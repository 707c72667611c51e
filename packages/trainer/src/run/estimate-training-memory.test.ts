import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyModel } from '@sparkler/llama';
import { readGgufHeader } from '@sparkler/llama/gguf';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createInitialAdapter } from '../adapter/initial-adapter.ts';
import type { TokenizedExample } from '../data/tokenize-example.ts';
import { loadTrainableModel } from '../model/load-model.ts';
import { describeShortage, readMemoryShape } from './check-memory.ts';
import { estimateActivations, estimateTrainingMemory, type MemoryShape } from './estimate-training-memory.ts';
import { GradientStep } from './gradient-step.ts';
import { planGraphSizes } from './plan-graph-sizes.ts';

const smollm: MemoryShape = {
  layers: 30,
  width: 576,
  heads: 9,
  kvHeads: 3,
  headSize: 64,
  ffn: 1536,
  vocabulary: 49_152,
  window: null,
  hasOwnOutput: false,
};
const learned = (tokens: number) => ({ tokens, supervised: tokens, isTrained: true });
const question = {
  shape: smollm,
  rank: 8,
  precision: 'bf16' as const,
  rows: [learned(8_192)],
  exampleTokens: 8_192,
};

let folder: string;
let gguf: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-memory-'));
  gguf = join(folder, 'tiny.gguf');
  await writeTinyModel(gguf);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Never less than half, never more than twice. */
function expectNear(estimated: number, measured: number, what: string): void {
  expect(estimated / measured, what).toBeGreaterThan(0.5);
  expect(estimated / measured, what).toBeLessThan(2);
}

describe('memory of a job', () => {
  it('is near what was measured of SmolLM2-135M (docs/fine-tuning.md)', () => {
    const measured = [
      [128, 223e6],
      [512, 952e6],
      [2_048, 476e6],
      [8_192, 3_772e6],
    ] as const;
    for (const [tokens, bytes] of measured) {
      expectNear(estimateActivations(smollm, 8, learned(tokens)), bytes, `a row of ${tokens}`);
    }
    expectNear(estimateTrainingMemory(question).bytes, 4.6e9, 'a job of 8,192');
    const short = { ...question, rows: [{ ...learned(128), supervised: 64 }], exampleTokens: 128 };
    expectNear(estimateTrainingMemory(short).bytes, 923e6, 'a job of 128');
  });

  it('shows the sum, whose parts are the whole', () => {
    const { bytes, arithmetic } = estimateTrainingMemory(question);
    expect(arithmetic).toMatch(
      /^4\.\d+ GB \(269 MB weights \+ 269 MB their turned copies \+ \S+ GB activations of /,
    );
    expect(arithmetic).toContain('activations of 8192 tokens x 30 layers + ');
    expect(arithmetic).toContain('optimiser of 2442240 parameters at rank 8 + ');
    const units: Readonly<Record<string, number>> = { MB: 1e6, GB: 1e9 };
    const parts = [...arithmetic.matchAll(/([\d.]+) (MB|GB)/g)].map(
      ([, size, unit]) => Number(size) * units[unit!]!,
    );
    expect(parts.slice(1).reduce((sum, part) => sum + part, 0) / bytes).toBeCloseTo(1, 2);
    const free = { bytes: 1.5e9, arithmetic: '2 GB available - 500 MB kept for others' };
    expect(describeShortage({ bytes, arithmetic }, free)).toContain(
      'and 2 GB available - 500 MB kept for others = 1.5 GB is free',
    );
    expect(describeShortage({ bytes, arithmetic }, { ...free, bytes })).toBeNull();
  });

  it('grows with context, batch and rank', () => {
    const sizes = fc.record({
      layers: fc.integer({ min: 1, max: 80 }),
      width: fc.integer({ min: 8, max: 8_192 }),
      heads: fc.integer({ min: 1, max: 64 }),
      headSize: fc.integer({ min: 8, max: 256 }),
      ffn: fc.integer({ min: 8, max: 30_000 }),
      vocabulary: fc.integer({ min: 16, max: 262_144 }),
      window: fc.option(fc.integer({ min: 1, max: 4_096 })),
      hasOwnOutput: fc.boolean(),
    });
    const length = fc.integer({ min: 1, max: 20_000 });
    const more = fc.integer({ min: 0, max: 20_000 });
    fc.assert(
      fc.property(sizes, length, more, fc.integer({ min: 1, max: 64 }), (drawn, tokens, added, rank) => {
        const shape = { ...drawn, kvHeads: drawn.heads };
        const row = { tokens, supervised: Math.ceil(tokens / 2), isTrained: true };
        const longer = { ...row, tokens: tokens + added, supervised: row.supervised + added };
        const ask = { ...question, shape, rank, rows: [row], exampleTokens: tokens };
        const { bytes } = estimateTrainingMemory(ask);
        const grown = (change: Partial<typeof ask>) => estimateTrainingMemory({ ...ask, ...change }).bytes;
        expect(bytes).toBeGreaterThan(0);
        expect(grown({ rank: rank * 2 })).toBeGreaterThan(bytes);
        expect(grown({ rows: [row, longer], exampleTokens: tokens * 2 + added })).toBeGreaterThan(bytes);
        // Where the layers begin to be computed twice, a longer row does take less.
        const modeOf = (count: number) => planGraphSizes(shape, count, 1, true).recomputes;
        if (modeOf(tokens) === modeOf(tokens + added + 64))
          expect(grown({ rows: [longer] })).toBeGreaterThanOrEqual(bytes);
      }),
    );
  });

  it.each([16, 200, 512, 1_100])(
    'is near what ggml takes for a row of %i of the tiny model',
    async (tokens) => {
      const options = { path: gguf, rank: 4, alpha: 8, threads: 1, precision: 'bf16' as const };
      const model = await loadTrainableModel({ ...options, onProgress: () => undefined });
      const step = new GradientStep(model);
      try {
        model.writeAdapter(createInitialAdapter(model.layout, 1));
        const example: TokenizedExample = {
          tokens: new Int32Array(tokens).fill(5),
          weights: new Float32Array(tokens).fill(1).fill(0, 0, 1),
        };
        const shape = readMemoryShape(await readGgufHeader(gguf));
        for (const gradients of [null, new Float32Array(model.layout.size)]) {
          await step.run([example], [[0]], gradients);
          const row = { tokens, supervised: tokens - 1, isTrained: gradients !== null };
          expectNear(estimateActivations(shape, 4, row), step.workingBytes, `trained: ${row.isTrained}`);
        }
      } finally {
        step.free();
        model.free();
      }
    },
  );
});

describe('a job in a process of its own', () => {
  const mainFile = new URL('../main.ts', import.meta.url).pathname;
  /** Tells the most memory that the process ever had, in KB, when it ends. */
  const tellPeak =
    'data:text/javascript,process.on("exit",()=>process.stdout.write("peak "+process.resourceUsage().maxRSS))';

  async function runJob(freeMemory: { bytes: number; arithmetic: string }) {
    const data = join(folder, 'chats.jsonl');
    const chat = [
      { role: 'user', content: 'a question '.repeat(20) },
      { role: 'assistant', content: 'aye aye' },
    ];
    await writeFile(data, `${JSON.stringify({ messages: chat })}\n`.repeat(4));
    const config = {
      v: 1,
      jobId: 'j',
      base: { gguf, name: 'tiny' },
      warmStart: null,
      lora: { rank: 4, alpha: 8 },
      train: {
        ...{ epochs: 1, learningRate: 0.01, warmupSteps: 0, batchTokens: 512, accumulationSteps: 1 },
        ...{ maxContextTokens: 512, weightDecay: 0, clipNorm: 1, seed: 1 },
      },
      evaluation: { everySteps: 4, patience: null },
      checkpoint: { everySteps: 4, keep: 2 },
      data: { train: data, evaluation: null, carveOut: false, chatTemplate: null },
      threads: 1,
      precision: 'bf16',
      freeMemory,
    };
    await writeFile(join(folder, 'config.json'), JSON.stringify(config));
    const args = ['--import', tellPeak, mainFile, '--job', join(folder, 'config.json')];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let problem = '';
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()));
    child.stderr.on('data', (bytes: Buffer) => (problem += bytes.toString()));
    const code = await new Promise((resolve) => child.on('close', resolve));
    return { code, problem, peakBytes: Number(/peak (\d+)/.exec(output)?.[1]) * 1024 };
  }

  it('takes about what is estimated, and is refused with the sum where that is not free', async () => {
    const refused = await runJob({ bytes: 5e6, arithmetic: '6 MB available - 1 MB kept for others' });
    expect(refused.code).toBe(4);
    const told = /the job needs ([\d.]+) MB \(.*\), and (.*?) is free/.exec(refused.problem);
    expect(told?.[2]).toBe('6 MB available - 1 MB kept for others = 5 MB');
    expect(refused.problem).toContain('lower maxContextLength or loraRank');
    const trained = await runJob({ bytes: Number(told![1]) * 1e6 + 1e6, arithmetic: '' });
    expect(trained.code).toBe(0);
    expectNear(Number(told![1]) * 1e6, trained.peakBytes, 'the process');
  });
});
