import { pairsHeadRows } from '@sparkler/llama';
import type { GgufHeader } from '@sparkler/llama/gguf';
import type { AdapterShape } from '../adapter/adapter-layout.ts';
import type { GateActivation } from '../graph/gate-activation.ts';
import { TrainerError } from '../process/events.ts';

/** What differs between the model families that can be trained here. */
interface Family {
  readonly ropeMode: 0 | 2;
  readonly activation: GateActivation;
  /** Embeddings are multiplied by the root of the width. */
  readonly scalesEmbedding: boolean;
  /** Some layers see a window only (all others refuse a window). */
  readonly hasLocalLayers: boolean;
}

const plain = { activation: 'silu', scalesEmbedding: false, hasLocalLayers: false } as const;

const families: Readonly<Record<string, Family>> = {
  llama: { ...plain, ropeMode: 0 },
  qwen2: { ...plain, ropeMode: 2 },
  qwen3: { ...plain, ropeMode: 2 },
  gemma3: { ropeMode: 2, activation: 'gelu', scalesEmbedding: true, hasLocalLayers: true },
};

interface Rope {
  readonly dimensions: number;
  readonly mode: 0 | 2;
  readonly frequencyBase: number;
  readonly frequencyScale: number;
}

export interface Architecture extends Omit<AdapterShape, 'rank'> {
  readonly name: string;
  readonly hasPairedHeads: boolean;
  readonly vocabulary: number;
  readonly normEpsilon: number;
  readonly contextTokens: number;
  readonly activation: GateActivation;
  readonly attentionScale: number;
  readonly embeddingScale: number;
  readonly rope: Rope;
  /** Of layers that see the window only. */
  readonly localRope: Rope | null;
  /** Tokens such a layer sees back; null: there is none. */
  readonly window: number | null;
  isLocal(layer: number): boolean;
}

/** Sizes of a model from its header. Throws TrainerError UNSUPPORTED_MODEL naming what this trainer lacks. */
export function readArchitecture(header: GgufHeader): Architecture {
  const name = String(header.metadata.get('general.architecture')?.value ?? 'unknown');
  const family = families[name];
  if (family === undefined) {
    const known = Object.keys(families).join(', ');
    throw unsupported(
      `architecture '${name}': the embedded trainer knows ${known}; use a GPU trainer for others`,
    );
  }
  const read = (key: string): unknown => header.metadata.get(`${name}.${key}`)?.value;
  const number = (key: string, fallback?: number): number => {
    const value = read(key) ?? fallback;
    if (value === undefined) throw unsupported(`the file has no ${name}.${key}`);
    return Number(value);
  };
  refuseExtras(header, family, read);
  const width = number('embedding_length');
  const heads = number('attention.head_count');
  const headSize = number('attention.key_length', width / heads);
  const embedding = header.tensors.find((tensor) => tensor.name === 'token_embd.weight');
  const scaling = read('rope.scaling.type') === 'linear' ? number('rope.scaling.factor', 1) : 1;
  const layers = number('block_count');
  const rope = {
    dimensions: number('rope.dimension_count', headSize),
    mode: family.ropeMode,
    frequencyBase: number('rope.freq_base', 10_000),
    frequencyScale: 1 / scaling,
  };
  const window = family.hasLocalLayers ? number('attention.sliding_window', 0) : 0;
  // One layer in so many sees everything; files of older converters do not say it.
  const pattern = window > 0 ? number('attention.sliding_window_pattern', 6) : 1;
  return {
    name,
    hasPairedHeads: pairsHeadRows(name),
    layers,
    width,
    heads,
    kvHeads: number('attention.head_count_kv', heads),
    headSize,
    ffn: number('feed_forward_length'),
    vocabulary: embedding?.shape[1] ?? 0,
    normEpsilon: number('attention.layer_norm_rms_epsilon'),
    contextTokens: number('context_length'),
    activation: family.activation,
    // Gemma 3's largest scales by its width, as llama.cpp knows it: by the number of layers.
    attentionScale: name === 'gemma3' && layers === 62 ? (width / heads) ** -0.5 : headSize ** -0.5,
    embeddingScale: family.scalesEmbedding ? Math.sqrt(width) : 1,
    rope,
    localRope:
      pattern === 1
        ? null
        : { ...rope, frequencyBase: number('rope.freq_base_swa', 10_000), frequencyScale: 1 },
    window: pattern === 1 ? null : window,
    isLocal: (layer) => layer % pattern < pattern - 1,
  };
}

/** Parts of the llama family that the training graph does not build: better refused than trained wrongly. */
function refuseExtras(header: GgufHeader, family: Family, read: (key: string) => unknown): void {
  const scaling = read('rope.scaling.type');
  if (scaling !== undefined && scaling !== 'none' && scaling !== 'linear') {
    throw unsupported(`rope scaling of type ${scaling}`);
  }
  if (Number(read('expert_count') ?? 0) > 0) throw unsupported('a mixture of experts');
  if (!family.hasLocalLayers && Number(read('attention.sliding_window') ?? 0) > 0) {
    throw unsupported('sliding-window attention');
  }
  for (const cap of ['attn_logit_softcapping', 'final_logit_softcapping']) {
    if (Number(read(cap) ?? 0) > 0) throw unsupported(`${cap} (capped logits)`);
  }
  const post = family.hasLocalLayers ? '|post_attention_norm|post_ffw_norm' : '';
  const inBlock = `attn_(q|k|v|output|norm|q_norm|k_norm)|ffn_(gate|up|down|norm)${post}`;
  const outside = 'token_embd|output|output_norm|rope_freqs';
  const known = new RegExp(`^(${outside}|blk\\.\\d+\\.(${inBlock}))\\.(weight|bias)$`);
  const strange = header.tensors.find((tensor) => !known.test(tensor.name));
  if (strange !== undefined) throw unsupported(`the tensor ${strange.name}`);
}

function unsupported(what: string): TrainerError {
  return new TrainerError('UNSUPPORTED_MODEL', `the base model cannot be trained here: ${what}`);
}
