import { type Ggml, ggmlType, openGgml, type Tensor } from '@sparkler/llama/ggml';
import { type GgufHeader, type GgufTensor, readGgufHeader } from '@sparkler/llama/gguf';
import { planAdapterLayout, planLinearSizes, viewEntry } from '../adapter/adapter-layout.ts';
import type { FrozenLinear, LoraPair } from '../graph/lora-linear.ts';
import { type LayerWeights, type LinearName, linearNames } from '../graph/transformer-layer.ts';
import { TrainerError } from '../process/events.ts';
import { type Architecture, readArchitecture } from './architecture.ts';
import { loadWeights, type WeightTarget } from './load-weights.ts';
import type { TrainableModel } from './trainable-model.ts';

export interface LoadOptions {
  readonly path: string;
  readonly rank: number;
  readonly alpha: number;
  readonly threads: number;
  readonly precision: 'bf16' | 'f32';
  /** Computes gemma's gelu as the engine does. Default: in bf16; f32 is for comparing with a reference. */
  readonly servedGelu?: boolean;
  readonly onProgress: (fraction: number) => void;
}

/**
 * Loads the GGUF file that is served, dequantised once into memory: each linear twice (as it is and turned
 * round), so about 4 bytes a parameter in bf16. Throws TrainerError for a model that this trainer cannot
 * build.
 */
export async function loadTrainableModel(options: LoadOptions): Promise<TrainableModel> {
  const header = await readGgufHeader(options.path);
  const architecture = chooseActivation(readArchitecture(header), options);
  const ggml = openGgml({ threads: options.threads });
  const context = ggml.createContext(16 + architecture.layers * 48);
  const planner = new TensorPlanner(ggml.operationsFor(context), header, architecture, options);
  const tensors = {
    embedding: planner.embedding(),
    layers: Array.from({ length: architecture.layers }, (_, index) => planner.layer(index)),
    head: planner.head(),
  };
  const ropeFactors = planner.optionalVector('rope_freqs.weight');
  const buffer = ggml.allocateTensors(context);
  await loadWeights(ggml, options.path, planner.targets, options.onProgress);
  const shape = { ...architecture, rank: options.rank };
  const layout = planAdapterLayout(shape);
  return {
    ggml,
    tensors,
    shape: {
      ...shape,
      rope: { ...architecture.rope, factors: ropeFactors },
      localRope: architecture.localRope && { ...architecture.localRope, factors: ropeFactors },
    },
    layout,
    architecture: architecture.name,
    hasPairedHeads: architecture.hasPairedHeads,
    writeAdapter: (values) => {
      for (const entry of layout.entries) {
        ggml.write(planner.adapterTensor(entry.layer, entry.linear, entry.side), viewEntry(values, entry));
      }
    },
    free: () => {
      ggml.freeBuffer(buffer);
      ggml.freeContext(context);
      ggml.close();
    },
  };
}

/** A job trains what will serve. */
function chooseActivation(architecture: Architecture, options: LoadOptions): Architecture {
  const isServed = options.servedGelu ?? options.precision === 'bf16';
  return architecture.activation === 'gelu' && isServed
    ? { ...architecture, activation: 'served-gelu' }
    : architecture;
}

/** Makes the tensors of a model and remembers which tensor of the file fills each. */
class TensorPlanner {
  readonly targets: WeightTarget[] = [];
  readonly #g: ReturnType<Ggml['operationsFor']>;
  readonly #sources: ReadonlyMap<string, GgufTensor>;
  readonly #architecture: Architecture;
  readonly #options: LoadOptions;
  readonly #weightType: number;
  readonly #adapter = new Map<string, LoraPair>();
  #embedding: { readonly straight: Tensor; readonly turned: Tensor } | null = null;

  constructor(
    operations: ReturnType<Ggml['operationsFor']>,
    header: GgufHeader,
    architecture: Architecture,
    options: LoadOptions,
  ) {
    this.#g = operations;
    this.#sources = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
    this.#architecture = architecture;
    this.#options = options;
    this.#weightType = options.precision === 'bf16' ? ggmlType.bf16 : ggmlType.f32;
  }

  embedding(): Tensor {
    const { width, vocabulary } = this.#architecture;
    this.#embedding = this.#matrix('token_embd.weight', width, vocabulary);
    return this.#embedding.straight;
  }

  head(): { norm: Tensor; output: Tensor; outputTransposed: Tensor } {
    const { width, vocabulary } = this.#architecture;
    const isTied = !this.#sources.has('output.weight');
    const output = isTied ? this.#embedding! : this.#matrix('output.weight', width, vocabulary);
    return {
      norm: this.#vector('output_norm.weight'),
      output: output.straight,
      outputTransposed: output.turned,
    };
  }

  layer(index: number): LayerWeights {
    const sizes = planLinearSizes(this.#architecture);
    const linears = linearNames.map((name) => [name, this.#linear(index, name, ...sizes[name])]);
    return {
      linears: Object.fromEntries(linears) as Record<LinearName, FrozenLinear>,
      attentionNorm: this.#vector(`blk.${index}.attn_norm.weight`),
      ffnNorm: this.#vector(`blk.${index}.ffn_norm.weight`),
      queryNorm: this.optionalVector(`blk.${index}.attn_q_norm.weight`),
      keyNorm: this.optionalVector(`blk.${index}.attn_k_norm.weight`),
      attentionPostNorm: this.optionalVector(`blk.${index}.post_attention_norm.weight`),
      ffnPostNorm: this.optionalVector(`blk.${index}.post_ffw_norm.weight`),
      isLocal: this.#architecture.isLocal(index),
    };
  }

  adapterTensor(layer: number, linear: LinearName, side: 'a' | 'b'): Tensor {
    return this.#adapter.get(`${layer}.${linear}`)![side];
  }

  optionalVector(name: string): Tensor | null {
    return this.#sources.has(name) ? this.#vector(name) : null;
  }

  #linear(layer: number, name: LinearName, input: number, output: number): FrozenLinear {
    const { rank, alpha } = this.#options;
    const { straight, turned } = this.#matrix(`blk.${layer}.${name}.weight`, input, output);
    const lora = {
      a: this.#g.newTensor(ggmlType.f32, input, rank),
      b: this.#g.newTensor(ggmlType.f32, rank, output),
      scale: alpha / rank,
    };
    this.#adapter.set(`${layer}.${name}`, lora);
    return {
      weight: straight,
      transposed: turned,
      bias: this.optionalVector(`blk.${layer}.${name}.bias`),
      lora,
    };
  }

  #matrix(name: string, columns: number, rows: number): { straight: Tensor; turned: Tensor } {
    const source = this.#source(name, [columns, rows]);
    const straight = this.#g.newTensor(this.#weightType, columns, rows);
    const turned = this.#g.newTensor(this.#weightType, rows, columns);
    this.targets.push({ source, straight, turned });
    return { straight, turned };
  }

  #vector(name: string): Tensor {
    const source = this.#source(name, null);
    const straight = this.#g.newTensor(ggmlType.f32, source.shape[0]!);
    this.targets.push({ source, straight, turned: null });
    return straight;
  }

  #source(name: string, shape: readonly number[] | null): GgufTensor {
    const source = this.#sources.get(name);
    if (source === undefined)
      throw new TrainerError('UNSUPPORTED_MODEL', `the base model has no tensor ${name}`);
    if (shape?.some((size, i) => source.shape[i] !== size)) {
      throw new TrainerError(
        'UNSUPPORTED_MODEL',
        `${name} is [${source.shape}] where [${shape}] was expected`,
      );
    }
    return source;
  }
}
