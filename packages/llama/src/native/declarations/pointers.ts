import type { Pointer } from '../bind.ts';

export type ModelPointer = Pointer<'llama_model'>;
export type ContextPointer = Pointer<'llama_context'>;
export type VocabPointer = Pointer<'llama_vocab'>;
export type MemoryPointer = Pointer<'llama_memory'>;
export type AdapterPointer = Pointer<'llama_adapter_lora'>;
export type DevicePointer = Pointer<'ggml_backend_dev'>;
export type FloatPointer = Pointer<'float'>;
export type VoidPointer = Pointer<'void'>;

/** C's `void *`: every handle is passed as one, the brands above keep them apart. */
export const POINTER = 'void *';
