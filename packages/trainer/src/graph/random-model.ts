import { type Ggml, ggmlType, type Tensor } from '@sparkler/llama/ggml';
import type { FrozenLinear } from './lora-linear.ts';
import type { ModelTensors } from './training-graph.ts';
import { type LayerWeights, type LinearName, linearNames } from './transformer-layer.ts';

export interface RandomShape {
  readonly width: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly ffn: number;
  readonly vocabulary: number;
  readonly layers: number;
  readonly rank: number;
  readonly hasHeadNorms: boolean;
  readonly hasBias: boolean;
  /** Norms behind attention and feed-forward. */
  readonly hasPostNorms?: boolean;
  /** Whether every other layer is local. */
  readonly hasLocalLayers?: boolean;
}

/** One adapter matrix with its values, so that a test can nudge them. */
export interface KnownTensor {
  readonly tensor: Tensor;
  readonly values: Float32Array;
}

export interface RandomModel {
  readonly tensors: ModelTensors;
  /** By layer, linear and side. */
  readonly lora: ReadonlyMap<string, KnownTensor>;
}

/** A model of random weights in ggml tensors, for gradient tests. Deterministic. */
export function createRandomModel(ggml: Ggml, shape: RandomShape, seed = 1): RandomModel {
  const context = ggml.createContext(shape.layers * 48 + 8);
  const g = ggml.operationsFor(context);
  const random = createRandom(seed);
  const all: KnownTensor[] = [];
  const lora = new Map<string, KnownTensor>();
  const add = (values: Float32Array, ...sizes: number[]): KnownTensor => {
    const known = { tensor: g.newTensor(ggmlType.f32, ...sizes), values };
    all.push(known);
    return known;
  };
  const draw = (size: number, spread: number, mean = 0): Float32Array =>
    new Float32Array(size).map(() => mean + spread * (random() - 0.5));
  const vector = (size: number): Tensor => add(draw(size, 0.3, 1), size).tensor;
  const linear = (key: string, input: number, output: number): FrozenLinear => {
    const weight = add(draw(input * output, 3 / Math.sqrt(input)), input, output);
    const a = add(draw(input * shape.rank, 1), input, shape.rank);
    const b = add(draw(shape.rank * output, 1), shape.rank, output);
    lora.set(`${key}.a`, a).set(`${key}.b`, b);
    return {
      weight: weight.tensor,
      transposed: add(transposeValues(weight.values, input, output), output, input).tensor,
      bias: shape.hasBias ? add(draw(output, 1), output).tensor : null,
      lora: { a: a.tensor, b: b.tensor, scale: 0.5 },
    };
  };
  const layer = (_: unknown, index: number): LayerWeights => ({
    linears: Object.fromEntries(
      linearNames.map((name) => [name, linear(`${index}.${name}`, ...linearSize(name, shape))]),
    ) as Record<LinearName, FrozenLinear>,
    attentionNorm: vector(shape.width),
    ffnNorm: vector(shape.width),
    queryNorm: shape.hasHeadNorms ? vector(shape.headSize) : null,
    keyNorm: shape.hasHeadNorms ? vector(shape.headSize) : null,
    attentionPostNorm: shape.hasPostNorms ? vector(shape.width) : null,
    ffnPostNorm: shape.hasPostNorms ? vector(shape.width) : null,
    isLocal: shape.hasLocalLayers === true && index % 2 === 0,
  });
  const embedding = add(draw(shape.width * shape.vocabulary, 2), shape.width, shape.vocabulary);
  const flipped = transposeValues(embedding.values, shape.width, shape.vocabulary);
  const tensors: ModelTensors = {
    embedding: embedding.tensor,
    layers: Array.from({ length: shape.layers }, layer),
    head: {
      norm: vector(shape.width),
      output: embedding.tensor,
      outputTransposed: add(flipped, shape.vocabulary, shape.width).tensor,
    },
  };
  ggml.allocateTensors(context);
  for (const { tensor, values } of all) ggml.write(tensor, values);
  return { tensors, lora };
}

/** [in, out] of a linear layer. */
function linearSize(name: LinearName, shape: RandomShape): [number, number] {
  const { width, heads, kvHeads, headSize, ffn } = shape;
  const sizes: Record<LinearName, [number, number]> = {
    attn_q: [width, heads * headSize],
    attn_k: [width, kvHeads * headSize],
    attn_v: [width, kvHeads * headSize],
    attn_output: [heads * headSize, width],
    ffn_gate: [width, ffn],
    ffn_up: [width, ffn],
    ffn_down: [ffn, width],
  };
  return sizes[name];
}

function transposeValues(values: Float32Array, columns: number, rows: number): Float32Array {
  const flipped = new Float32Array(values.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++)
      flipped[column * rows + row] = values[row * columns + column]!;
  }
  return flipped;
}

function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}
