import koffi, { type LibraryHandle } from 'koffi';
import { bind } from '../bind.ts';
import { type ContextPointer, POINTER } from './pointers.ts';

/** `struct llama_batch`, in the order of llama.h. */
export const batchStruct = koffi.struct({
  n_tokens: 'int32_t',
  token: POINTER,
  embd: POINTER,
  pos: POINTER,
  n_seq_id: POINTER,
  seq_id: POINTER,
  logits: POINTER,
});

export interface BatchStruct {
  readonly n_tokens: number;
  readonly token: bigint;
  readonly embd: bigint | null;
  readonly pos: bigint;
  readonly n_seq_id: bigint;
  readonly seq_id: bigint;
  readonly logits: bigint;
}

export type BatchFunctions = ReturnType<typeof bindBatchFunctions>;

/**
 * Running a batch. llama.h's return codes: 0 done, 1 no free cells, 2 aborted, -1 bad batch, below -1 fatal.
 */
export function bindBatchFunctions(library: LibraryHandle) {
  const run = (name: string) =>
    bind<[ContextPointer, BatchStruct], number>(library, name, 'int32_t', [POINTER, batchStruct]);
  return { decode: run('llama_decode'), encode: run('llama_encode') };
}
