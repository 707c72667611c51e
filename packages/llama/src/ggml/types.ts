import type { Pointer } from '../native/bind.ts';

/** ggml's own numbers for tensor types (ggml.h, enum ggml_type). */
export const ggmlType = { f32: 0, f16: 1, i32: 26, bf16: 30 } as const;

export type Tensor = Pointer<'ggml_tensor'>;
export type GgmlContext = Pointer<'ggml_context'>;
export type Graph = Pointer<'ggml_cgraph'>;
export type GraphAllocator = Pointer<'ggml_gallocr'>;
export type TensorBuffer = Pointer<'ggml_backend_buffer'>;
