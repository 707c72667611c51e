import { LlamaError } from '../llama-error.ts';
import type { ContextParams } from './declarations/context.ts';
import type { ModelParams } from './declarations/model.ts';
import type { QuantizeParams } from './declarations/quantize.ts';
import { findWrongStructSizes } from './struct-sizes.ts';

/** What `llama_version()` says in the release whose layouts are declared here. */
export const LLAMA_VERSION = '0.5.0-dev';

const GGML_TYPE_F16 = 1;
const GGML_TYPE_COUNT = 43;

/**
 * Values that `llama_*_default_params()` give in that release: one moved field and they read as something
 * else.
 */
const MODEL_DEFAULTS: Partial<ModelParams> = {
  devices: null,
  n_gpu_layers: -1,
  split_mode: 1,
  load_mode: -1,
  lazy_mode: 1,
  main_gpu: 0,
  kv_overrides: null,
  vocab_only: false,
  check_tensors: false,
  use_extra_bufts: true,
  no_host: false,
  load_mtp: false,
};

const CONTEXT_DEFAULTS: Partial<ContextParams> = {
  n_ctx: 512,
  n_batch: 2048,
  n_ubatch: 512,
  n_seq_max: 1,
  n_outputs_max: 0,
  n_outputs_max_per_seq: 1,
  n_threads: 4,
  rope_scaling_type: -1,
  pooling_type: -1,
  attention_type: -1,
  flash_attn_type: -1,
  rope_freq_base: 0,
  yarn_ext_factor: -1,
  yarn_beta_slow: -1,
  yarn_orig_ctx: 0,
  defrag_thold: -1,
  cb_eval: null,
  type_k: GGML_TYPE_F16,
  type_v: GGML_TYPE_F16,
  abort_callback: null,
  embeddings: false,
  offload_kqv: true,
  no_perf: true,
  op_offload: true,
  swa_full: true,
  kv_unified: false,
  samplers: null,
  n_samplers: 0,
  ctx_other: null,
};

const QUANTIZE_DEFAULTS: Partial<QuantizeParams> = {
  nthread: 0,
  ftype: 7,
  output_tensor_type: GGML_TYPE_COUNT,
  token_embedding_type: GGML_TYPE_COUNT,
  allow_requantize: false,
  quantize_output_tensor: true,
  pure: false,
  dry_run: false,
  imatrix: null,
  prune_layers: null,
  max_buf_size: 8 * 1024 ** 3,
};

/** What a loaded library says of itself. */
export interface LibraryFacts {
  readonly version: string;
  readonly modelDefaults: ModelParams;
  readonly contextDefaults: ContextParams;
  readonly quantizeDefaults: QuantizeParams;
}

/**
 * Refuses a library whose structs may lie differently from the declarations here: passing such a struct by
 * value would corrupt memory silently. Throws LlamaError naming every difference.
 */
export function checkLibraryFacts(facts: LibraryFacts): void {
  const differences = [
    ...(facts.version === LLAMA_VERSION
      ? []
      : [`llama_version() is ${facts.version} instead of ${LLAMA_VERSION}`]),
    ...findWrongStructSizes(),
    ...compareDefaults('model', facts.modelDefaults, MODEL_DEFAULTS),
    ...compareDefaults('context', facts.contextDefaults, CONTEXT_DEFAULTS),
    ...compareDefaults('quantize', facts.quantizeDefaults, QUANTIZE_DEFAULTS),
  ];
  if (differences.length === 0) return;
  throw new LlamaError(
    `this build of llama.cpp is not the one whose interface is declared here (${differences.join('; ')}). ` +
      'Install the pinned @node-llama-cpp package; a newer one needs its struct layouts checked first.',
  );
}

function compareDefaults<T extends object>(what: string, found: T, expected: Partial<T>): string[] {
  return Object.entries(expected).flatMap(([field, value]) => {
    const actual = found[field as keyof T];
    return actual === value ? [] : [`default ${what} parameter ${field} is ${actual} instead of ${value}`];
  });
}
