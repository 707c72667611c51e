import koffi, { type LibraryHandle } from 'koffi';
import { bind } from '../bind.ts';
import { POINTER, type VoidPointer } from './pointers.ts';

/** `struct llama_model_quantize_params`, in the order of llama.h. */
export const quantizeParamsStruct = koffi.struct({
  nthread: 'int32_t',
  ftype: 'int',
  output_tensor_type: 'int',
  token_embedding_type: 'int',
  allow_requantize: 'bool',
  quantize_output_tensor: 'bool',
  only_copy: 'bool',
  pure: 'bool',
  keep_split: 'bool',
  dry_run: 'bool',
  imatrix: POINTER,
  kv_overrides: POINTER,
  tt_overrides: POINTER,
  prune_layers: POINTER,
  max_buf_size: 'size_t',
});

export interface QuantizeParams {
  readonly nthread: number;
  readonly ftype: number;
  readonly output_tensor_type: number;
  readonly token_embedding_type: number;
  readonly allow_requantize: boolean;
  readonly quantize_output_tensor: boolean;
  readonly only_copy: boolean;
  readonly pure: boolean;
  readonly keep_split: boolean;
  readonly dry_run: boolean;
  readonly imatrix: VoidPointer | null;
  readonly kv_overrides: VoidPointer | null;
  readonly tt_overrides: VoidPointer | null;
  readonly prune_layers: VoidPointer | null;
  readonly max_buf_size: number;
}

export type QuantizeFunctions = ReturnType<typeof bindQuantizeFunctions>;

/** Writing a smaller copy of a model file. Returns 0 on success. */
export function bindQuantizeFunctions(library: LibraryHandle) {
  return {
    defaultParams: bind<[], QuantizeParams>(
      library,
      'llama_model_quantize_default_params',
      quantizeParamsStruct,
      [],
    ),
    quantize: bind<[string, string, QuantizeParams], number>(library, 'llama_model_quantize', 'uint32_t', [
      'str',
      'str',
      koffi.pointer(quantizeParamsStruct),
    ]),
  };
}
