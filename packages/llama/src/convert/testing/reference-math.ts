import { decodeFloats } from '../../checkpoint/floats.ts';
import { openCheckpointFolder } from '../../checkpoint/open-checkpoint.ts';

/** A row per token. */
export type Rows = readonly Float64Array[];

/** All weights of a checkpoint, in memory. */
export type Weights = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly values: Float32Array }
>;

export async function readWeights(folder: string): Promise<Weights> {
  const checkpoint = await openCheckpointFolder(folder, ['model']);
  const weights = new Map();
  for (const [name, tensor] of checkpoint.tensors) {
    // Old checkpoints keep the positions 0, 1, 2, … as a tensor.
    if (tensor.type === 'i64') continue;
    weights.set(name, { shape: tensor.shape, values: decodeFloats(await tensor.read(), tensor.type) });
  }
  await checkpoint.close();
  return weights;
}

/** y = x Wᵀ + b, with W as PyTorch keeps it: [out, in]. */
export function applyLinear(rows: Rows, weights: Weights, name: string): Float64Array[] {
  const weight = weights.get(`${name}.weight`);
  if (weight === undefined) throw new Error(`no weight ${name}`);
  const bias = weights.get(`${name}.bias`)?.values;
  const [outputs = 0, inputs = 0] = weight.shape;
  return rows.map((row) => {
    const result = new Float64Array(outputs);
    for (let out = 0; out < outputs; out++) {
      let sum = bias?.[out] ?? 0;
      for (let index = 0; index < inputs; index++) sum += row[index]! * weight.values[out * inputs + index]!;
      result[out] = sum;
    }
    return result;
  });
}

/** Rows of an embedding matrix. */
export function lookUp(weights: Weights, name: string, ids: readonly number[]): Float64Array[] {
  const { shape, values } = weights.get(name)!;
  const width = shape[1]!;
  return ids.map((id) => Float64Array.from(values.subarray(id * width, (id + 1) * width)));
}

export function addRows(a: Rows, b: Rows): Float64Array[] {
  return a.map((row, index) => row.map((value, column) => value + b[index]![column]!));
}

export function rmsNorm(
  row: Float64Array,
  weight: ArrayLike<number>,
  epsilon: number,
  offset: number,
): Float64Array {
  const mean = row.reduce((sum, value) => sum + value * value, 0) / row.length;
  const scale = 1 / Math.sqrt(mean + epsilon);
  return row.map((value, index) => value * scale * (weight[index]! + offset));
}

export function layerNorm(row: Float64Array, weights: Weights, name: string, epsilon: number): Float64Array {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  const scale = 1 / Math.sqrt(variance + epsilon);
  const weight = weights.get(`${name}.weight`)!.values;
  const bias = weights.get(`${name}.bias`)!.values;
  return row.map((value, index) => (value - mean) * scale * weight[index]! + bias[index]!);
}

export const silu = (value: number): number => value / (1 + Math.exp(-value));

export const geluTanh = (value: number): number =>
  0.5 * value * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (value + 0.044715 * value ** 3)));

export interface AttentionOptions {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly causal: boolean;
  /** Tokens a position sees, itself included; Infinity for all. */
  readonly window?: number;
  readonly scale?: number;
  readonly softcap?: number;
}

/** Multi-head attention with grouped queries; rows of q, k, v hold the heads one after the other. */
export function attend(q: Rows, k: Rows, v: Rows, options: AttentionOptions): Float64Array[] {
  const { heads, kvHeads, headSize, causal, window = Infinity, softcap } = options;
  const scale = options.scale ?? headSize ** -0.5;
  const group = heads / kvHeads;
  return q.map((query, position) => {
    const result = new Float64Array(heads * headSize);
    for (let head = 0; head < heads; head++) {
      const kvAt = Math.floor(head / group) * headSize;
      const scores = k.map((key, other) => {
        if (causal && (other > position || position - other >= window)) return -Infinity;
        let dot = 0;
        for (let index = 0; index < headSize; index++)
          dot += query[head * headSize + index]! * key[kvAt + index]!;
        const score = dot * scale;
        return softcap === undefined ? score : softcap * Math.tanh(score / softcap);
      });
      for (const [other, share] of softmax(scores).entries()) {
        for (let index = 0; index < headSize; index++) {
          result[head * headSize + index]! += share * v[other]![kvAt + index]!;
        }
      }
    }
    return result;
  });
}

function softmax(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Rotary positions as Hugging Face computes them: element i is turned with element i + n/2. */
export function rotate(
  rows: Rows,
  heads: number,
  headSize: number,
  frequencies: readonly number[],
): Float64Array[] {
  const half = frequencies.length;
  return rows.map((row, position) => {
    const turned = Float64Array.from(row);
    for (let head = 0; head < heads; head++) {
      for (let index = 0; index < half; index++) {
        const [a, b] = [head * headSize + index, head * headSize + index + half];
        const [cos, sin] = [
          Math.cos(position * frequencies[index]!),
          Math.sin(position * frequencies[index]!),
        ];
        turned[a] = row[a]! * cos - row[b]! * sin;
        turned[b] = row[b]! * cos + row[a]! * sin;
      }
    }
    return turned;
  });
}

export function ropeFrequencies(theta: number, size: number): number[] {
  return Array.from({ length: size / 2 }, (_, index) => theta ** ((-2 * index) / size));
}
