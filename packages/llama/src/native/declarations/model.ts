import koffi, { type LibraryHandle } from 'koffi';
import { bind } from '../bind.ts';
import { type ModelPointer, POINTER, type VocabPointer, type VoidPointer } from './pointers.ts';

/** `struct llama_model_params`, in the order of llama.h. */
export const modelParamsStruct = koffi.struct({
  devices: POINTER,
  tensor_buft_overrides: POINTER,
  n_gpu_layers: 'int32_t',
  split_mode: 'int',
  load_mode: 'int',
  lazy_mode: 'int',
  main_gpu: 'int32_t',
  tensor_split: POINTER,
  progress_callback: POINTER,
  progress_callback_user_data: POINTER,
  kv_overrides: POINTER,
  vocab_only: 'bool',
  check_tensors: 'bool',
  use_extra_bufts: 'bool',
  no_host: 'bool',
  no_alloc: 'bool',
  load_mtp: 'bool',
});

export interface ModelParams {
  readonly devices: VoidPointer | null;
  readonly tensor_buft_overrides: VoidPointer | null;
  readonly n_gpu_layers: number;
  readonly split_mode: number;
  readonly load_mode: number;
  readonly lazy_mode: number;
  readonly main_gpu: number;
  readonly tensor_split: VoidPointer | null;
  readonly progress_callback: bigint | null;
  readonly progress_callback_user_data: VoidPointer | null;
  readonly kv_overrides: VoidPointer | null;
  readonly vocab_only: boolean;
  readonly check_tensors: boolean;
  readonly use_extra_bufts: boolean;
  readonly no_host: boolean;
  readonly no_alloc: boolean;
  readonly load_mtp: boolean;
}

/** enum llama_load_mode */
export const LOAD_MODE = { none: 0, mmap: 1, mlock: 2, mmapAndMlock: 3 } as const;

/** `bool (*llama_progress_callback)(float progress, void * user_data)` */
export const progressCallback = koffi.pointer(koffi.proto('bool', ['float', POINTER]));

export type ModelFunctions = ReturnType<typeof bindModelFunctions>;

/** Loading a model and asking what it is. */
export function bindModelFunctions(library: LibraryHandle) {
  return {
    defaultParams: bind<[], ModelParams>(library, 'llama_model_default_params', modelParamsStruct, []),
    load: bind<[string, ModelParams], ModelPointer | null>(library, 'llama_model_load_from_file', POINTER, [
      'str',
      modelParamsStruct,
    ]),
    free: bind<[ModelPointer], void>(library, 'llama_model_free', 'void', [POINTER]),
    vocab: bind<[ModelPointer], VocabPointer>(library, 'llama_model_get_vocab', POINTER, [POINTER]),
    contextTokensTrained: bind<[ModelPointer], number>(library, 'llama_model_n_ctx_train', 'int32_t', [
      POINTER,
    ]),
    embeddingSize: bind<[ModelPointer], number>(library, 'llama_model_n_embd_out', 'int32_t', [POINTER]),
    layers: bind<[ModelPointer], number>(library, 'llama_model_n_layer', 'int32_t', [POINTER]),
    slidingWindow: bind<[ModelPointer], number>(library, 'llama_model_n_swa', 'int32_t', [POINTER]),
    classifierOutputs: bind<[ModelPointer], number>(library, 'llama_model_n_cls_out', 'uint32_t', [POINTER]),
    metadataCount: bind<[ModelPointer], number>(library, 'llama_model_meta_count', 'int32_t', [POINTER]),
    metadataKey: bind<[ModelPointer, number, Uint8Array, number], number>(
      library,
      'llama_model_meta_key_by_index',
      'int32_t',
      [POINTER, 'int32_t', POINTER, 'size_t'],
    ),
    metadataValue: bind<[ModelPointer, number, Uint8Array, number], number>(
      library,
      'llama_model_meta_val_str_by_index',
      'int32_t',
      [POINTER, 'int32_t', POINTER, 'size_t'],
    ),
    describe: bind<[ModelPointer, Uint8Array, number], number>(library, 'llama_model_desc', 'int32_t', [
      POINTER,
      POINTER,
      'size_t',
    ]),
    sizeBytes: bind<[ModelPointer], number | bigint>(library, 'llama_model_size', 'uint64_t', [POINTER]),
    parameterCount: bind<[ModelPointer], number | bigint>(library, 'llama_model_n_params', 'uint64_t', [
      POINTER,
    ]),
    chatTemplate: bind<[ModelPointer, string | null], string | null>(
      library,
      'llama_model_chat_template',
      'str',
      [POINTER, 'str'],
    ),
    hasEncoder: bind<[ModelPointer], boolean>(library, 'llama_model_has_encoder', 'bool', [POINTER]),
    hasDecoder: bind<[ModelPointer], boolean>(library, 'llama_model_has_decoder', 'bool', [POINTER]),
    isRecurrent: bind<[ModelPointer], boolean>(library, 'llama_model_is_recurrent', 'bool', [POINTER]),
    isHybrid: bind<[ModelPointer], boolean>(library, 'llama_model_is_hybrid', 'bool', [POINTER]),
    isDiffusion: bind<[ModelPointer], boolean>(library, 'llama_model_is_diffusion', 'bool', [POINTER]),
  };
}
