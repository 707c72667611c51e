import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const program = new URL('./torch-reference.py', import.meta.url).pathname;

export interface TorchStep {
  readonly loss: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

/** A Python that has torch: SPARKLER_TORCH_PYTHON, or one of the usual; null when none has. */
export async function findTorch(): Promise<string | null> {
  const named = process.env.SPARKLER_TORCH_PYTHON;
  for (const python of named ? [named] : ['python3', '/usr/bin/python3']) {
    try {
      await run(python, ['-c', 'import torch']);
      return python;
    } catch (error) {
      if (named) throw new Error(`SPARKLER_TORCH_PYTHON has no torch: ${(error as Error).message}`);
    }
  }
  return null;
}

/** Trains a prepared job folder (`--prepare --with-base`) in PyTorch on one thread. */
export async function runTorch(python: string, folder: string, steps: number): Promise<TorchStep[]> {
  const environment = { ...process.env, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1' };
  const { stdout } = await run(python, [program, folder, String(steps), '1'], { env: environment });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as TorchStep);
}
