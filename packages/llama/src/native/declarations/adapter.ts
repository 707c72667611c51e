import type { LibraryHandle } from 'koffi';
import { bind } from '../bind.ts';
import { type AdapterPointer, type ContextPointer, type ModelPointer, POINTER } from './pointers.ts';

export type AdapterFunctions = ReturnType<typeof bindAdapterFunctions>;

/** LoRA adapters: loaded into a model, switched per context. */
export function bindAdapterFunctions(library: LibraryHandle) {
  return {
    load: bind<[ModelPointer, string], AdapterPointer | null>(library, 'llama_adapter_lora_init', POINTER, [
      POINTER,
      'str',
    ]),
    free: bind<[AdapterPointer], void>(library, 'llama_adapter_lora_free', 'void', [POINTER]),
    /** Sets the whole list of a context; an empty list is the base model. */
    setForContext: bind<[ContextPointer, BigUint64Array, number, Float32Array], number>(
      library,
      'llama_set_adapters_lora',
      'int32_t',
      [POINTER, POINTER, 'size_t', POINTER],
    ),
  };
}
