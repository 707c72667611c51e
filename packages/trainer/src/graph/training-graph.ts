import {
  type Ggml,
  type GgmlContext,
  type Graph,
  type GraphAllocator,
  ggmlType,
  type Tensor,
  type TensorBuffer,
} from '@sparkler/llama/ggml';
import type { LoraGradients } from './lora-linear.ts';
import { buildLossChunk, type HeadWeights, type LossRows } from './loss-head.ts';
import { buildLayer, type LayerShape, type LayerWeights, type LinearName } from './transformer-layer.ts';

/** Everything frozen, plus the adapter's tensors inside the linears. */
export interface ModelTensors {
  /** [width, vocabulary] */
  readonly embedding: Tensor;
  readonly layers: readonly LayerWeights[];
  readonly head: HeadWeights;
}

export interface GraphShape extends LayerShape {
  readonly width: number;
  readonly vocabulary: number;
  /** Supervised rows in one piece of the head; bounds the logits' memory at rows · vocabulary floats. */
  readonly chunkRows: number;
  readonly chunks: number;
}

/** One packed row of documents, padded to the graph's length. */
export interface PackedBatch {
  readonly tokens: Int32Array;
  readonly positions: Int32Array;
  /** Document of each token; tokens see earlier tokens of their own document only. Padding is document -1. */
  readonly documents: Int32Array;
  /** Supervised rows: position, next token, weight over the step's total weight. */
  readonly rowPositions: Int32Array;
  readonly rowTargets: Int32Array;
  readonly rowWeights: Float32Array;
}

export interface BatchResult {
  /** Σ weight · -log p(target): already normalised by the step's total weight. */
  readonly loss: number;
  /** Rows whose most likely token is the target. */
  readonly correct: number;
  readonly rows: number;
}

export type GradientReader = (layer: number, linear: LinearName, gradients: LoraGradients) => void;

/**
 * A graph for one packed length: inputs in, loss and gradients out. Built once, run for every batch of the
 * length.
 */
export class TrainingGraph {
  readonly shape: GraphShape;
  readonly #ggml: Ggml;
  readonly #inputs: ReturnType<typeof createInputs>;
  readonly #buffer: TensorBuffer;
  readonly #contexts: GgmlContext[];
  readonly #graph: Graph;
  readonly #chunks: readonly { readonly probability: Tensor; readonly best: Tensor }[];
  readonly #gradients: readonly Partial<Record<LinearName, LoraGradients>>[];

  /** `withGradients: false` makes an evaluation graph: forward and loss only. */
  constructor(ggml: Ggml, model: ModelTensors, shape: GraphShape, withGradients: boolean) {
    this.#ggml = ggml;
    this.shape = shape;
    const inputContext = ggml.createContext(3 + 4 * shape.chunks);
    this.#inputs = createInputs(ggml, inputContext, shape);
    this.#buffer = ggml.allocateTensors(inputContext);
    const nodesMax = 512 + model.layers.length * 256 + shape.chunks * 32;
    const context = ggml.createContext(nodesMax);
    this.#contexts = [inputContext, context];
    const built = buildGraph(ggml, context, model, shape, this.#inputs, withGradients);
    this.#chunks = built.chunks;
    this.#gradients = built.gradients;
    this.#graph = ggml.createGraph(context, nodesMax);
    for (const output of built.outputs) {
      ggml.markOutput(output);
      ggml.expandGraph(this.#graph, output);
    }
  }

  /** Runs one batch; `onGradients` is called for every adapted linear before the buffers are used again. */
  async run(
    allocator: GraphAllocator,
    batch: PackedBatch,
    onGradients: GradientReader | null,
  ): Promise<BatchResult> {
    const ggml = this.#ggml;
    ggml.allocateGraph(allocator, this.#graph);
    writeInputs(ggml, this.#inputs, this.shape, batch);
    await ggml.computeGraph(this.#graph);
    if (onGradients !== null) {
      this.#gradients.forEach((layer, index) => {
        for (const [name, gradients] of Object.entries(layer))
          onGradients(index, name as LinearName, gradients);
      });
    }
    return this.#readLoss(batch);
  }

  #readLoss(batch: PackedBatch): BatchResult {
    const { chunkRows } = this.shape;
    const rows = batch.rowTargets.length;
    let loss = 0;
    let correct = 0;
    this.#chunks.forEach((chunk, index) => {
      const probability = this.#ggml.read(chunk.probability, new Float32Array(chunkRows));
      const best = this.#ggml.read(chunk.best, new Int32Array(chunkRows));
      for (let i = 0; i < chunkRows && index * chunkRows + i < rows; i++) {
        const row = index * chunkRows + i;
        // A probability that underflowed to 0 is bounded: the loss stays finite and its gradient is right
        // anyway.
        loss -= batch.rowWeights[row]! * Math.log(Math.max(probability[i]!, 1e-37));
        if (best[i] === batch.rowTargets[row]) correct++;
      }
    });
    return { loss, correct, rows };
  }

  free(): void {
    this.#ggml.freeBuffer(this.#buffer);
    for (const context of this.#contexts) this.#ggml.freeContext(context);
  }
}

function createInputs(ggml: Ggml, context: GgmlContext, shape: GraphShape) {
  const g = ggml.operationsFor(context);
  const rows = (): LossRows => ({
    positions: g.newTensor(ggmlType.i32, shape.chunkRows),
    targets: g.newTensor(ggmlType.i32, shape.chunkRows),
    picks: g.newTensor(ggmlType.i32, shape.chunkRows),
    weights: g.newTensor(ggmlType.f32, 1, shape.chunkRows),
  });
  return {
    tokens: g.newTensor(ggmlType.i32, shape.tokens),
    positions: g.newTensor(ggmlType.i32, shape.tokens),
    mask: g.newTensor(ggmlType.f32, shape.tokens, shape.tokens),
    chunks: Array.from({ length: shape.chunks }, rows),
  };
}

function buildGraph(
  ggml: Ggml,
  context: GgmlContext,
  model: ModelTensors,
  shape: GraphShape,
  inputs: ReturnType<typeof createInputs>,
  withGradients: boolean,
) {
  const g = ggml.operationsFor(context);
  let x = g.getRows(model.embedding, inputs.tokens);
  const layers = model.layers.map((weights) => {
    const layer = buildLayer(g, weights, shape, inputs, x);
    x = layer.y;
    return layer;
  });
  const chunks = inputs.chunks.map((rows) =>
    buildLossChunk(g, model.head, { ...shape, rows: shape.chunkRows }, rows, x),
  );
  const outputs = chunks.flatMap((chunk) => [chunk.probability, chunk.best]);
  const gradients: Partial<Record<LinearName, LoraGradients>>[] = model.layers.map(() => ({}));
  if (withGradients) {
    let dx = chunks.map((chunk) => chunk.dx()).reduce((sum, part) => g.add(sum, part));
    for (let index = layers.length - 1; index >= 0; index--) {
      const back = layers[index]!.back(dx);
      dx = back.dx;
      gradients[index] = back.gradients;
      for (const pair of Object.values(back.gradients)) outputs.push(pair.a, pair.b);
    }
  }
  return { chunks, gradients, outputs };
}

function writeInputs(
  ggml: Ggml,
  inputs: ReturnType<typeof createInputs>,
  shape: GraphShape,
  batch: PackedBatch,
): void {
  ggml.write(inputs.tokens, batch.tokens);
  ggml.write(inputs.positions, batch.positions);
  ggml.write(inputs.mask, createMask(batch.documents));
  const { chunkRows, vocabulary } = shape;
  inputs.chunks.forEach((chunk, index) => {
    const from = index * chunkRows;
    const positions = new Int32Array(chunkRows);
    const targets = new Int32Array(chunkRows);
    const weights = new Float32Array(chunkRows);
    positions.set(batch.rowPositions.subarray(from, from + chunkRows));
    targets.set(batch.rowTargets.subarray(from, from + chunkRows));
    weights.set(batch.rowWeights.subarray(from, from + chunkRows));
    ggml.write(chunk.positions, positions);
    ggml.write(chunk.targets, targets);
    ggml.write(chunk.weights, weights);
    ggml.write(
      chunk.picks,
      targets.map((target, row) => row * vocabulary + target),
    );
  });
}

/**
 * Row q, column k: 0 where token q may see token k. A padding token sees itself, or its softmax would be 0/0.
 */
function createMask(documents: Int32Array): Float32Array {
  const tokens = documents.length;
  const mask = new Float32Array(tokens * tokens).fill(Number.NEGATIVE_INFINITY);
  for (let q = 0; q < tokens; q++) {
    mask[q * tokens + q] = 0;
    for (let k = q - 1; k >= 0 && documents[q]! >= 0 && documents[k] === documents[q]; k--)
      mask[q * tokens + k] = 0;
  }
  return mask;
}
