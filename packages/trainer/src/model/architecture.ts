import type { GgufHeader } from '@sparkler/llama/gguf';
import type { AdapterShape } from '../adapter/adapter-layout.ts';
import { TrainerError } from '../process/events.ts';

/** What differs between the model families that can be trained here. */
interface Family {
  readonly ropeMode: 0 | 2;
  /** q and k rows are stored as adjacent pairs, other than in Hugging Face files. */
  readonly hasPairedHeads: boolean;
}

const families: Readonly<Record<string, Family>> = {
  llama: { ropeMode: 0, hasPairedHeads: true },
  qwen2: { ropeMode: 2, hasPairedHeads: false },
  qwen3: { ropeMode: 2, hasPairedHeads: false },
};

export interface Architecture extends Omit<AdapterShape, 'rank'> {
  readonly name: string;
  readonly hasPairedHeads: boolean;
  readonly vocabulary: number;
  readonly normEpsilon: number;
  readonly contextTokens: number;
  readonly rope: {
    readonly dimensions: number;
    readonly mode: 0 | 2;
    readonly frequencyBase: number;
    readonly frequencyScale: number;
  };
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
  refuseExtras(header, read);
  const width = number('embedding_length');
  const heads = number('attention.head_count');
  const headSize = number('attention.key_length', width / heads);
  const embedding = header.tensors.find((tensor) => tensor.name === 'token_embd.weight');
  const scaling = read('rope.scaling.type') === 'linear' ? number('rope.scaling.factor', 1) : 1;
  return {
    name,
    hasPairedHeads: family.hasPairedHeads,
    layers: number('block_count'),
    width,
    heads,
    kvHeads: number('attention.head_count_kv', heads),
    headSize,
    ffn: number('feed_forward_length'),
    vocabulary: embedding?.shape[1] ?? 0,
    normEpsilon: number('attention.layer_norm_rms_epsilon'),
    contextTokens: number('context_length'),
    rope: {
      dimensions: number('rope.dimension_count', headSize),
      mode: family.ropeMode,
      frequencyBase: number('rope.freq_base', 10_000),
      frequencyScale: 1 / scaling,
    },
  };
}

/** Parts of the llama family that the training graph does not build: better refused than trained wrongly. */
function refuseExtras(header: GgufHeader, read: (key: string) => unknown): void {
  const scaling = read('rope.scaling.type');
  if (scaling !== undefined && scaling !== 'none' && scaling !== 'linear') {
    throw unsupported(`rope scaling of type ${scaling}`);
  }
  if (Number(read('expert_count') ?? 0) > 0) throw unsupported('a mixture of experts');
  if (Number(read('attention.sliding_window') ?? 0) > 0) throw unsupported('sliding-window attention');
  const inBlock = 'attn_(q|k|v|output|norm|q_norm|k_norm)|ffn_(gate|up|down|norm)';
  const outside = 'token_embd|output|output_norm|rope_freqs';
  const known = new RegExp(`^(${outside}|blk\\.\\d+\\.(${inBlock}))\\.(weight|bias)$`);
  const strange = header.tensors.find((tensor) => !known.test(tensor.name));
  if (strange !== undefined) throw unsupported(`the tensor ${strange.name}`);
}

function unsupported(what: string): TrainerError {
  return new TrainerError('UNSUPPORTED_MODEL', `the base model cannot be trained here: ${what}`);
}
