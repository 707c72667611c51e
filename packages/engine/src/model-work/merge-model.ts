import { mkdtemp, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkModelFile, loadLibrary, mergeAdapterFile, quantizeModelFile } from '@sparkler/llama';
import { prepareAdapter } from '../runners/llama-cpp/adapters/prepare-adapter.ts';

export interface MergeTask {
  readonly base: string;
  readonly adapter: string;
  readonly target: string;
  readonly threads: number;
}

const MERGEABLE: ReadonlySet<string> = new Set(['f32', 'f16', 'bf16']);

/**
 * Merges an adapter into its base model. A quantized base is brought to f16 first, so that what the adapter
 * adds is not rounded away. Scratch files lie beside the target, on the disk that has room for it.
 */
export async function mergeModel({ base, adapter, target, threads }: MergeTask): Promise<{ bytes: number }> {
  const model = await checkModelFile(base);
  const scratch = await mkdtemp(join(dirname(target), 'merge-'));
  const prepared = await prepareAdapter(adapter, model);
  try {
    const isWhole = [...model.tensors.values()].every(({ type }) => MERGEABLE.has(type.name));
    const source = isWhole ? base : join(scratch, 'whole.gguf');
    if (!isWhole) {
      const options = { source: base, target: source, to: 'F16', threads, allowRequantize: true } as const;
      await quantizeModelFile(loadLibrary(), options);
    }
    return await mergeAdapterFile({ base: source, adapter: prepared.path, target });
  } finally {
    await prepared.dispose();
    await rm(scratch, { recursive: true, force: true });
  }
}
