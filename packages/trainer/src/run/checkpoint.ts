import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readFloatTensors, writeFloatTensors } from '../adapter/float-tensors.ts';
import type { AdamWState } from '../optimize/adamw.ts';

/** Everything that a resumed run needs to go on bit for bit. */
export interface RunState {
  /** Optimiser steps done. */
  step: number;
  /** Step of the newest evaluation; null before the first. */
  evaluatedStep: number | null;
  tokensSeen: number;
  best: { loss: number; step: number } | null;
  evaluationsWithoutGain: number;
  readonly parameters: Float32Array;
  /** Parameters at the best evaluation so far, or null. */
  bestParameters: Float32Array | null;
  readonly optimizer: AdamWState;
}

const stateFile = 'state.json';
const tensorFile = 'state.safetensors';

/**
 * Writes `checkpoints/step-000123`, whole or not at all: data first, `state.json` last, then the folder is
 * renamed into place. Older ones than `keep` are removed. Returns the folder.
 */
export async function writeCheckpoint(jobFolder: string, state: RunState, keep: number): Promise<string> {
  const parent = join(jobFolder, 'checkpoints');
  const name = `step-${String(state.step).padStart(6, '0')}`;
  const partial = join(parent, `.${name}.partial`);
  await rm(partial, { recursive: true, force: true });
  await mkdir(partial, { recursive: true });
  const vector = (label: string, values: Float32Array) => ({ name: label, shape: [values.length], values });
  await writeFloatTensors(join(partial, tensorFile), [
    vector('parameters', state.parameters),
    vector('firstMoment', state.optimizer.firstMoment),
    vector('secondMoment', state.optimizer.secondMoment),
    ...(state.bestParameters === null ? [] : [vector('bestParameters', state.bestParameters)]),
  ]);
  const { step, evaluatedStep, tokensSeen, best, evaluationsWithoutGain } = state;
  const counts = { step, evaluatedStep, tokensSeen, best, evaluationsWithoutGain };
  const json = { v: 1, ...counts, optimizerStep: state.optimizer.step };
  await writeSynced(join(partial, stateFile), JSON.stringify(json));
  const folder = join(parent, name);
  await rm(folder, { recursive: true, force: true });
  await rename(partial, folder);
  for (const old of (await listCheckpoints(jobFolder)).slice(0, -keep)) {
    await rm(join(parent, old), { recursive: true, force: true });
  }
  return folder;
}

/** The newest whole checkpoint, or null. */
export async function readNewestCheckpoint(jobFolder: string): Promise<RunState | null> {
  const newest = (await listCheckpoints(jobFolder)).at(-1);
  if (newest === undefined) return null;
  const folder = join(jobFolder, 'checkpoints', newest);
  const json = JSON.parse(await readFile(join(folder, stateFile), 'utf8')) as Omit<RunState, 'optimizer'> & {
    optimizerStep: number;
  };
  const tensors = await readFloatTensors(join(folder, tensorFile));
  const values = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor === undefined)
      throw new Error(`${folder} has no ${name}: remove the folder to resume before it`);
    return tensor.values;
  };
  return {
    step: json.step,
    // Of an earlier version, which evaluated before it wrote.
    evaluatedStep: json.evaluatedStep === undefined ? json.step : json.evaluatedStep,
    tokensSeen: json.tokensSeen,
    best: json.best,
    evaluationsWithoutGain: json.evaluationsWithoutGain,
    parameters: values('parameters'),
    bestParameters: tensors.get('bestParameters')?.values ?? null,
    optimizer: {
      firstMoment: values('firstMoment'),
      secondMoment: values('secondMoment'),
      step: json.optimizerStep,
    },
  };
}

/** Names of whole checkpoints, oldest first. */
async function listCheckpoints(jobFolder: string): Promise<string[]> {
  const names = await readdir(join(jobFolder, 'checkpoints')).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names.filter((name) => name.startsWith('step-')).sort();
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.write(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
