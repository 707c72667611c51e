import { type Ggml, openGgml } from '@sparkler/llama/ggml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandomModel, type RandomModel, type RandomShape } from './random-model.ts';
import { type GraphShape, type PackedBatch, TrainingGraph } from './training-graph.ts';

let ggml: Ggml;
beforeAll(() => {
  ggml = openGgml({ threads: 1 });
});
afterAll(() => ggml.close());

const base: RandomShape = {
  width: 32,
  heads: 4,
  kvHeads: 2,
  headSize: 8,
  ffn: 48,
  vocabulary: 64,
  layers: 2,
  rank: 4,
  hasHeadNorms: false,
  hasBias: false,
};

/** Two documents and padding in 16 tokens; the rows' weights add up to 1. */
const batch: PackedBatch = {
  tokens: Int32Array.from({ length: 16 }, (_, i) => (i * 37) % 64),
  positions: Int32Array.from({ length: 16 }, (_, i) => (i < 7 ? i : i < 14 ? i - 7 : 0)),
  documents: Int32Array.from({ length: 16 }, (_, i) => (i < 7 ? 0 : i < 14 ? 1 : -1)),
  rowPositions: Int32Array.from([2, 3, 5, 8, 9, 12]),
  rowTargets: Int32Array.from([1, 2, 3, 4, 5, 6]),
  rowWeights: Float32Array.from([1, 1, 1, 1, 0.5, 1], (weight) => weight / 5.5),
};

type Details = Partial<GraphShape> & { readonly ropeMode?: 0 | 2 };

function createGraph(
  model: RandomModel,
  shape: RandomShape,
  { ropeMode = 0, ...details }: Details,
  withGradients: boolean,
): TrainingGraph {
  const rope = { factors: null, dimensions: 8, mode: ropeMode, frequencyBase: 10_000, frequencyScale: 1 };
  const sizes: GraphShape = {
    ...shape,
    tokens: 16,
    normEpsilon: 1e-5,
    activation: 'silu',
    attentionScale: shape.headSize ** -0.5,
    embeddingScale: 1,
    rope,
    localRope: shape.hasLocalLayers ? { ...rope, frequencyBase: 100 } : null,
    window: shape.hasLocalLayers ? 3 : null,
    recomputes: false,
    chunkRows: 4,
    chunks: 2,
    ...details,
  };
  return new TrainingGraph(ggml, model.tensors, sizes, withGradients);
}

async function measureGradients(
  model: RandomModel,
  graph: TrainingGraph,
): Promise<Map<string, Float32Array>> {
  const allocator = ggml.createAllocator();
  const gradients = new Map<string, Float32Array>();
  await graph.run(allocator, batch, (layer, name, pair) => {
    for (const side of ['a', 'b'] as const) {
      const key = `${layer}.${name}.${side}`;
      gradients.set(key, ggml.read(pair[side], new Float32Array(model.lora.get(key)?.values.length ?? 0)));
    }
  });
  ggml.freeAllocator(allocator);
  return gradients;
}

const gemma = { hasHeadNorms: true, hasPostNorms: true, hasLocalLayers: true };
const gemmaDetails: Details = { ropeMode: 2, activation: 'gelu', embeddingScale: 5 };

describe.each([
  { title: 'llama', details: {}, change: {} },
  { title: 'llama without grouped queries', details: {}, change: { kvHeads: 4 } },
  { title: 'llama with one key head', details: {}, change: { kvHeads: 1 } },
  { title: 'qwen2 (biases, halved rope)', details: { ropeMode: 2 as const }, change: { hasBias: true } },
  {
    title: 'qwen3 (head norms, halved rope)',
    details: { ropeMode: 2 as const },
    change: { hasHeadNorms: true },
  },
  { title: 'gemma3 (norms behind, gelu, windows)', details: gemmaDetails, change: gemma },
])('gradients of $title', ({ details, change }) => {
  it('equal central differences of the loss, for every adapter matrix', async () => {
    const shape = { ...base, ...change };
    const model = createRandomModel(ggml, shape);
    const graph = createGraph(model, shape, details, true);
    const gradients = await measureGradients(model, graph);
    const evaluation = createGraph(model, shape, details, false);
    const allocator = ggml.createAllocator();
    const lossWith = async (key: string, index: number, value: number): Promise<number> => {
      const { tensor, values } = model.lora.get(key)!;
      ggml.write(tensor, values.with(index, value));
      const { loss } = await evaluation.run(allocator, batch, null);
      ggml.write(tensor, values);
      return loss;
    };
    expect(gradients.size).toBe(model.lora.size);
    for (const [key, { values }] of model.lora) {
      const step = 1e-2;
      for (const index of [0, Math.floor(values.length / 2), values.length - 1]) {
        const above = await lossWith(key, index, values[index]! + step);
        const below = await lossWith(key, index, values[index]! - step);
        const expected = (above - below) / (2 * step);
        const error = Math.abs(gradients.get(key)![index]! - expected);
        expect(error, `${key}[${index}] ${expected}`).toBeLessThan(0.02 * Math.max(Math.abs(expected), 2e-2));
      }
    }
    ggml.freeAllocator(allocator);
    graph.free();
    evaluation.free();
  });
});

describe('layers computed twice, attention in blocks', () => {
  it.each([
    { title: 'llama', details: {}, change: {} },
    { title: 'gemma3', details: gemmaDetails, change: gemma },
  ])('give $title the same loss and gradients', async ({ details, change }) => {
    const shape = { ...base, ...change };
    const model = createRandomModel(ggml, shape);
    const whole = createGraph(model, shape, details, true);
    const pieces = createGraph(model, shape, { ...details, recomputes: true, blockTokens: 5 }, true);
    const expected = await measureGradients(model, whole);
    for (const [key, gradient] of await measureGradients(model, pieces)) {
      const difference = gradient.map((value, i) => Math.abs(value - expected.get(key)![i]!));
      expect(Math.max(...difference), key).toBeLessThan(
        1e-5 * Math.max(1, ...expected.get(key)!.map(Math.abs)),
      );
    }
    whole.free();
    pieces.free();
  });

  it('need a fraction of the memory for a long row', async () => {
    const shape = { ...base, layers: 6 };
    const model = createRandomModel(ggml, shape);
    const tokens = 512;
    const measure = async (details: Details): Promise<number> => {
      const graph = createGraph(model, shape, { tokens, ...details }, true);
      const allocator = ggml.createAllocator();
      const long = {
        ...batch,
        tokens: new Int32Array(tokens).fill(3),
        positions: Int32Array.from({ length: tokens }, (_, i) => i),
        documents: new Int32Array(tokens),
      };
      await graph.run(allocator, long, null);
      const bytes = ggml.allocatorBytes(allocator);
      ggml.freeAllocator(allocator);
      graph.free();
      return bytes;
    };
    const kept = await measure({ blockTokens: tokens });
    expect(await measure({ recomputes: true, blockTokens: 64 })).toBeLessThan(0.25 * kept);
  });
});

describe('packing', () => {
  it('keeps documents apart: another document in the row changes nothing', async () => {
    const model = createRandomModel(ggml, base);
    const graph = createGraph(model, base, {}, false);
    const allocator = ggml.createAllocator();
    const onlyFirst = { rowWeights: Float32Array.from([1, 1, 1, 0, 0, 0]) };
    const before = await graph.run(allocator, { ...batch, ...onlyFirst }, null);
    const tokens = batch.tokens.map((token, i) => (i < 7 ? token : (token + 11) % 64));
    const after = await graph.run(allocator, { ...batch, ...onlyFirst, tokens }, null);
    expect(after.loss).toBe(before.loss);
    const first = await graph.run(
      allocator,
      { ...batch, ...onlyFirst, tokens: batch.tokens.with(0, 63) },
      null,
    );
    expect(first.loss).not.toBe(before.loss);
    graph.free();
    ggml.freeAllocator(allocator);
  });
});
