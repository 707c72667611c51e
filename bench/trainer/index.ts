import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInitialAdapter } from '../../packages/trainer/src/adapter/initial-adapter.ts';
import { writeAdapterFiles } from '../../packages/trainer/src/adapter/write-adapter.ts';
import { loadTrainableModel } from '../../packages/trainer/src/model/load-model.ts';
import { writeHuggingFaceModel } from '../../packages/trainer/src/model/write-hugging-face.ts';
import { findTorch, runTorch } from '../../tests/trainer/torch.ts';
import { type BenchOptions, type BenchReport, type BenchRow, makeRow } from '../bench-row.ts';
import { median } from '../median.ts';
import { takeTurns } from '../take-turns.ts';
import { fetchTestModel } from '../test-model.ts';
import { startWorker } from '../worker.ts';
import { alpha, example, learningRate, rank, type StepCost, tokensPerStep } from './work.ts';

export const name = 'trainer';

type TakeStep = () => Promise<StepCost>;
interface Contestant {
  readonly name: string;
  readonly goal: string;
  readonly step: TakeStep;
}

/**
 * A training step of SmolLM2-135M on one thread, by processor time, against ggml's own gradients and (where a
 * Python has torch) PyTorch. Rejects when the contestants' first losses differ: they would not do the same.
 */
export async function run({
  quick = false,
  tell = () => undefined,
}: BenchOptions = {}): Promise<BenchReport> {
  const path = await fetchTestModel();
  const ours = startWorker(new URL('./own-worker.ts', import.meta.url), [path]);
  const autograd = startWorker(new URL('./autograd-worker.ts', import.meta.url), [path]);
  const rounds = quick ? 1 : 5;
  try {
    const own: TakeStep = () => ours.call('step');
    const first = (await own()).loss;
    const anchor = {
      name: 'ggml autograd, f32',
      goal: '>= 1.6',
      step: () => autograd.call<StepCost>('step'),
    };
    const rows = await compare(own, anchor, rounds);
    autograd.close();
    const python = await findTorch();
    if (python === null) tell('PyTorch: skipped, no Python here has torch (SPARKLER_TORCH_PYTHON names one)');
    else rows.push(...(await compareWithTorch(own, first, python, path, rounds)));
    return { name, rows };
  } finally {
    ours.close();
    autograd.close();
  }
}

async function compare(own: TakeStep, anchor: Contestant, rounds: number): Promise<BenchRow[]> {
  const peak = { ours: 0, anchor: 0 };
  const measure = (side: 'ours' | 'anchor', step: TakeStep) => async () => {
    const { cpuSeconds, peakBytes } = await step();
    peak[side] = peakBytes;
    return tokensPerStep / cpuSeconds;
  };
  const rates = await takeTurns(rounds, measure('ours', own), measure('anchor', anchor.step));
  return [
    makeRow({
      metric: 'training speed',
      unit: 'tokens per processor second',
      ...rates,
      anchorName: anchor.name,
      goal: anchor.goal,
    }),
    makeRow({
      metric: 'peak memory',
      unit: 'MB',
      ours: peak.ours / 1e6,
      anchor: peak.anchor / 1e6,
      anchorName: anchor.name,
      goal: '<= 1',
    }),
  ];
}

/** Ours computes with 16-bit weights: a loss of about 12 differs in the third digit at most. */
function requireSameLoss(ours: number, theirs: number, anchor: string): void {
  if (Math.abs(ours - theirs) <= 0.005 * Math.abs(theirs)) return;
  throw new Error(`the first loss is ${ours} for us and ${theirs} for ${anchor}: not the same work`);
}

/** PyTorch runs its steps in one go, between two halves of ours. */
async function compareWithTorch(
  own: TakeStep,
  firstLoss: number,
  python: string,
  path: string,
  rounds: number,
): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-bench-trainer-'));
  try {
    await prepareTorchJob(path, folder, rounds + 1);
    const ours: StepCost[] = [];
    for (let round = 0; round < rounds; round++) ours.push(await own());
    const [warmUp, ...theirs] = await runTorch(python, folder, rounds + 1);
    requireSameLoss(firstLoss, warmUp!.loss, 'PyTorch');
    for (let round = 0; round < rounds; round++) ours.push(await own());
    const rate = (steps: readonly StepCost[]) => tokensPerStep / median(steps.map((step) => step.cpuSeconds));
    const peak = (steps: readonly StepCost[]) => steps.at(-1)!.peakBytes / 1e6;
    const anchorName = 'PyTorch, f32';
    const speed = { ours: rate(ours), anchor: rate(theirs), anchorName, goal: '>= 0.7' };
    const memory = { ours: peak(ours), anchor: peak(theirs), anchorName, goal: '<= 1' };
    return [
      makeRow({ metric: 'training speed', unit: 'tokens per processor second', ...speed }),
      makeRow({ metric: 'peak memory', unit: 'MB', ...memory }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The job folder that tests/trainer/torch-reference.py reads. */
async function prepareTorchJob(path: string, folder: string, steps: number): Promise<void> {
  const options = { path, rank, alpha, threads: 1, precision: 'f32' as const };
  const model = await loadTrainableModel({ ...options, onProgress: () => undefined });
  try {
    const parameters = createInitialAdapter(model.layout, 1);
    await mkdir(folder, { recursive: true });
    await writeAdapterFiles({ folder: join(folder, 'init'), model, parameters, alpha, baseName: 'base' });
    await writeHuggingFaceModel(model, join(folder, 'base'));
  } finally {
    model.free();
  }
  const step = JSON.stringify({ epoch: 0, examples: [0], learningRate });
  const document = JSON.stringify({ ids: [...example.tokens], w: [...example.weights] });
  await writeFile(join(folder, 'config.json'), JSON.stringify({ train: { weightDecay: 0, clipNorm: 1e9 } }));
  await writeFile(join(folder, 'train.tok'), `${document}\n`);
  await writeFile(join(folder, 'plan.jsonl'), `${step}\n`.repeat(steps));
}
