import { LlamaError } from './llama-error.ts';
import type { LlamaModel } from './model.ts';
import { callAsync } from './native/bind.ts';
import type { AdapterPointer } from './native/declarations/pointers.ts';
import { describeFailure } from './native/native-log.ts';

/** A LoRA adapter in memory, beside its model. */
export interface LlamaAdapter {
  readonly path: string;
  readonly pointer: AdapterPointer;
  /** Frees it. The caller guarantees that no context has it set. */
  close(): void;
}

/**
 * Loads a GGUF LoRA without blocking the event loop. No decode of the same model may run meanwhile. Throws
 * LlamaError with llama.cpp's reason; a malformed file can abort the process, so check it first
 * (`checkAdapterFile`).
 */
export async function openAdapterFile(model: LlamaModel, path: string): Promise<LlamaAdapter> {
  const { library } = model;
  const { result, lines } = await library.log.capture(() =>
    callAsync(library.adapter.load, model.pointer, path),
  );
  if (result === null)
    throw new LlamaError(describeFailure(`llama.cpp cannot load the adapter ${path}`, lines));
  model.retain();
  let open = true;
  return {
    path,
    pointer: result,
    close() {
      if (!open) return;
      open = false;
      library.adapter.free(result);
      model.release();
    },
  };
}
