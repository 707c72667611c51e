import koffi, { type LibraryHandle } from 'koffi';
import { bind } from '../bind.ts';
import {
  type ContextPointer,
  type FloatPointer,
  type MemoryPointer,
  type ModelPointer,
  POINTER,
  type VoidPointer,
} from './pointers.ts';

/** `struct llama_context_params`, in the order of llama.h. */
export const contextParamsStruct = koffi.struct({
  n_ctx: 'uint32_t',
  n_batch: 'uint32_t',
  n_ubatch: 'uint32_t',
  n_seq_max: 'uint32_t',
  n_rs_seq: 'uint32_t',
  n_outputs_max: 'uint32_t',
  n_outputs_max_per_seq: 'uint32_t',
  n_threads: 'int32_t',
  n_threads_batch: 'int32_t',
  ctx_type: 'int',
  rope_scaling_type: 'int',
  pooling_type: 'int',
  attention_type: 'int',
  flash_attn_type: 'int',
  rope_freq_base: 'float',
  rope_freq_scale: 'float',
  yarn_ext_factor: 'float',
  yarn_attn_factor: 'float',
  yarn_beta_fast: 'float',
  yarn_beta_slow: 'float',
  yarn_orig_ctx: 'uint32_t',
  defrag_thold: 'float',
  cb_eval: POINTER,
  cb_eval_user_data: POINTER,
  type_k: 'int',
  type_v: 'int',
  abort_callback: POINTER,
  abort_callback_data: POINTER,
  embeddings: 'bool',
  offload_kqv: 'bool',
  no_perf: 'bool',
  op_offload: 'bool',
  swa_full: 'bool',
  kv_unified: 'bool',
  samplers: POINTER,
  n_samplers: 'size_t',
  ctx_other: POINTER,
});

export interface ContextParams {
  readonly n_ctx: number;
  readonly n_batch: number;
  readonly n_ubatch: number;
  readonly n_seq_max: number;
  readonly n_rs_seq: number;
  readonly n_outputs_max: number;
  readonly n_outputs_max_per_seq: number;
  readonly n_threads: number;
  readonly n_threads_batch: number;
  readonly ctx_type: number;
  readonly rope_scaling_type: number;
  readonly pooling_type: number;
  readonly attention_type: number;
  readonly flash_attn_type: number;
  readonly rope_freq_base: number;
  readonly rope_freq_scale: number;
  readonly yarn_ext_factor: number;
  readonly yarn_attn_factor: number;
  readonly yarn_beta_fast: number;
  readonly yarn_beta_slow: number;
  readonly yarn_orig_ctx: number;
  readonly defrag_thold: number;
  readonly cb_eval: VoidPointer | null;
  readonly cb_eval_user_data: VoidPointer | null;
  readonly type_k: number;
  readonly type_v: number;
  readonly abort_callback: VoidPointer | null;
  readonly abort_callback_data: VoidPointer | null;
  readonly embeddings: boolean;
  readonly offload_kqv: boolean;
  readonly no_perf: boolean;
  readonly op_offload: boolean;
  readonly swa_full: boolean;
  readonly kv_unified: boolean;
  readonly samplers: VoidPointer | null;
  readonly n_samplers: number;
  readonly ctx_other: VoidPointer | null;
}

/** enum llama_pooling_type */
export const POOLING_TYPE = { unspecified: -1, none: 0, mean: 1, cls: 2, last: 3, rank: 4 } as const;
/** enum llama_flash_attn_type */
export const FLASH_ATTENTION = { auto: -1, off: 0, on: 1 } as const;

export type ContextFunctions = ReturnType<typeof bindContextFunctions>;

/** Making a context and reading its results. */
export function bindContextFunctions(library: LibraryHandle) {
  const count = (name: string) => bind<[ContextPointer], number>(library, name, 'uint32_t', [POINTER]);
  return {
    defaultParams: bind<[], ContextParams>(library, 'llama_context_default_params', contextParamsStruct, []),
    create: bind<[ModelPointer, ContextParams], ContextPointer | null>(
      library,
      'llama_init_from_model',
      POINTER,
      [POINTER, contextParamsStruct],
    ),
    free: bind<[ContextPointer], void>(library, 'llama_free', 'void', [POINTER]),
    cells: count('llama_n_ctx'),
    batchTokensMax: count('llama_n_batch'),
    microBatchTokensMax: count('llama_n_ubatch'),
    sequencesMax: count('llama_n_seq_max'),
    memory: bind<[ContextPointer], MemoryPointer | null>(library, 'llama_get_memory', POINTER, [POINTER]),
    pooling: bind<[ContextPointer], number>(library, 'llama_pooling_type', 'int', [POINTER]),
    synchronize: bind<[ContextPointer], void>(library, 'llama_synchronize', 'void', [POINTER]),
    logits: bind<[ContextPointer], FloatPointer | null>(library, 'llama_get_logits', POINTER, [POINTER]),
    logitsOfRow: bind<[ContextPointer, number], FloatPointer | null>(
      library,
      'llama_get_logits_ith',
      POINTER,
      [POINTER, 'int32_t'],
    ),
    embeddingOfRow: bind<[ContextPointer, number], FloatPointer | null>(
      library,
      'llama_get_embeddings_ith',
      POINTER,
      [POINTER, 'int32_t'],
    ),
    embeddingOfSequence: bind<[ContextPointer, number], FloatPointer | null>(
      library,
      'llama_get_embeddings_seq',
      POINTER,
      [POINTER, 'int32_t'],
    ),
  };
}
