export { type LlamaAdapter, openAdapterFile } from './adapter.ts';
export { allocateBatch, type NativeBatch } from './batch.ts';
export {
  type Checkpoint,
  CheckpointError,
  type CheckpointTensor,
  type CheckpointType,
} from './checkpoint/checkpoint.ts';
export { bytesOf, decodeFloats, encodeFloats, type FloatType } from './checkpoint/floats.ts';
export { openCheckpointFolder } from './checkpoint/open-checkpoint.ts';
export { openSafetensors } from './checkpoint/safetensors.ts';
export { type SafetensorToWrite, writeSafetensors } from './checkpoint/write-safetensors.ts';
export {
  CACHE_TYPES,
  type CacheType,
  type ContextOptions,
  type DecodeResult,
  type FlashAttention,
  LlamaContext,
  openContext,
  type Pooling,
} from './context.ts';
export { SUPPORTED_CLASSES } from './convert/architecture/plan-architecture.ts';
export { checkModelConfigJson } from './convert/check-config.ts';
export { ConvertError } from './convert/convert-error.ts';
export {
  type ConvertedModel,
  type ConvertOptions,
  convertModelFolder,
  type PlannedModel,
  planModelFolder,
} from './convert/convert-model.ts';
export { pairHeadRows, pairsHeadRows, splitHeadRows } from './convert/head-order.ts';
export { findLinearPlace, type LinearPlace } from './convert/layer-linears.ts';
export { type AdapterFacts, checkAdapterFile } from './gguf/check-adapter.ts';
export { checkModelFile, type ModelFile } from './gguf/check-model.ts';
export { checkPlannedModel } from './gguf/check-planned.ts';
export { GgufError } from './gguf/gguf-error.ts';
export { decodeBfloat, decodeHalf, encodeBfloat, encodeHalf } from './gguf/half-float.ts';
export { numberOf, numbersOf, textOf } from './gguf/metadata-access.ts';
export { type GgufHeader, type GgufTensor, parseGgufHeader, readGgufHeader } from './gguf/reader.ts';
export {
  findTensorType,
  TENSOR_TYPES,
  type TensorType,
  tensorBytes,
  tensorTypeNamed,
} from './gguf/tensor-type.ts';
export * from './gguf/value.ts';
export { type TensorToWrite, writeGguf } from './gguf/writer.ts';
export { LlamaComputeError, LlamaError } from './llama-error.ts';
export { type MergeOptions, mergeAdapterFile } from './merge/merge-adapter.ts';
export { LlamaModel, type ModelOptions, openLlamaModelFile } from './model.ts';
export type { Device } from './native/devices.ts';
export { type LibraryOptions, type LlamaLibrary, loadLibrary } from './native/library.ts';
export type { Backend } from './native/platform.ts';
export { QUANTIZATIONS, type Quantization, type QuantizeOptions, quantizeModelFile } from './quantize.ts';
export { openServedModel, type ServedModel } from './symmetric/open-served-model.ts';
export {
  type TinyAdapterOptions,
  type TinyTarget,
  writeTinyAdapter,
  writeTinyPeftFolder,
} from './tiny-model/tiny-adapter.ts';
export {
  TINY_CHECKPOINT_CLASSES,
  type TinyCheckpointOptions,
  writeTinyCheckpoint,
} from './tiny-model/tiny-checkpoint.ts';
export { type TinyModelOptions, writeTinyModel } from './tiny-model/tiny-model.ts';
export { createTokenizer, type LlamaTokenizer } from './tokenizer.ts';
