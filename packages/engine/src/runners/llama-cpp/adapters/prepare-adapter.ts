import { mkdtemp, open, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type AdapterFacts,
  CheckpointError,
  checkAdapterFile,
  GgufError,
  type ModelFile,
} from '@sparkler/llama';
import { AdapterError } from '../../../core/adapter-error.ts';
import { convertPeftFolder } from './convert-peft.ts';
import { RANK_MAX } from './peft-config.ts';

/** A checked GGUF LoRA, ready for llama.cpp. */
export interface PreparedAdapter {
  readonly path: string;
  readonly facts: AdapterFacts;
  /** Removes what was written for it; the adapter is in memory once it is loaded. */
  dispose(): Promise<void>;
}

/**
 * Makes an adapter ready to load: a GGUF file is checked, a PEFT folder is converted into a temporary file
 * first. Throws AdapterError with what is wrong; nothing is left behind then.
 */
export async function prepareAdapter(path: string, base: ModelFile): Promise<PreparedAdapter> {
  try {
    return (await isFolder(path)) ? await prepareFolder(path, base) : await prepareFile(path, base);
  } catch (error) {
    if (!(error instanceof GgufError || error instanceof CheckpointError || error instanceof AdapterError))
      throw error;
    throw new AdapterError(`cannot load the adapter ${path}: ${error.message}`);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (error) {
    throw new AdapterError((error as Error).message);
  }
}

async function prepareFolder(folder: string, base: ModelFile): Promise<PreparedAdapter> {
  const scratch = await mkdtemp(join(tmpdir(), 'sparkler-adapter-'));
  const dispose = (): Promise<void> => rm(scratch, { recursive: true, force: true });
  try {
    const path = join(scratch, 'adapter.gguf');
    await convertPeftFolder(folder, base, path);
    return { ...(await prepareFile(path, base)), dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function prepareFile(path: string, base: ModelFile): Promise<PreparedAdapter> {
  const facts = await checkAdapterFile(path, base);
  if (facts.rank > RANK_MAX)
    throw new AdapterError(`its rank is ${facts.rank}, at most ${RANK_MAX} is served`);
  await readOnce(path);
  return { path, facts, dispose: () => Promise.resolve() };
}

/** Brings the file into the page cache: llama.cpp reads it while nothing else may compute. */
async function readOnce(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    const buffer = Buffer.alloc(1024 * 1024);
    let bytesRead: number;
    do {
      ({ bytesRead } = await file.read(buffer));
    } while (bytesRead > 0);
  } finally {
    await file.close();
  }
}
