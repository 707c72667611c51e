import {
  type Ggml,
  type GgmlContext,
  type Graph,
  type GraphAllocator,
  ggmlType,
  type Tensor,
  type TensorBuffer,
} from '@sparkler/llama/ggml';
import type { MaskTensor } from './attention.ts';
import { fillMaskBlock, planMaskBlocks } from './attention-mask.ts';
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
  /** Factor of the token embeddings, 1 but for gemma. */
  readonly embeddingScale: number;
  /** Tokens that a local layer sees back; null: the model has none. */
  readonly window: number | null;
  /** Queries a block of attention; default: attention-mask.ts. */
  readonly blockTokens?: number;
  /**
   * Keeps only the layers' inputs and computes each layer once more on the way back: a third more work, the
   * memory of one layer.
   */
  readonly recomputes: boolean;
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
    const inputContext = ggml.createContext(4 + 4 * shape.chunks + 2 * Math.ceil(shape.tokens / 16));
    this.#inputs = createInputs(ggml, inputContext, shape);
    this.#buffer = ggml.allocateTensors(inputContext);
    const nodesMax = countNodes(model, shape, this.#inputs.mask.length);
    const context = ggml.createContext(nodesMax);
    this.#contexts = [inputContext, context];
    const built = buildGraph(ggml, context, model, shape, this.#inputs, withGradients);
    this.#chunks = built.chunks;
    this.#gradients = built.gradients;
    this.#graph = ggml.createGraph(context, nodesMax);
    // The order of expansion is the order of computing, and decides what must be kept how long.
    for (const { tensor, isOutput } of built.order) {
      if (isOutput) ggml.markOutput(tensor);
      ggml.expandGraph(this.#graph, tensor);
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
  const masks = (window: number | null): MaskTensor[] =>
    planMaskBlocks(shape.tokens, window, shape.blockTokens).map((block) => ({
      ...block,
      tensor: g.newTensor(ggmlType.f32, block.to - block.keysFrom, block.to - block.from),
    }));
  return {
    tokens: g.newTensor(ggmlType.i32, shape.tokens),
    positions: g.newTensor(ggmlType.i32, shape.tokens),
    mask: masks(null),
    localMask: shape.window === null ? [] : masks(shape.window),
    chunks: Array.from({ length: shape.chunks }, rows),
  };
}

/** An upper bound of the nodes of a graph, for its memory. */
function countNodes(model: ModelTensors, shape: GraphShape, blocks: number): number {
  const perLayer = 288 + (blocks > 1 ? blocks * 64 : 0);
  return 512 + model.layers.length * perLayer * (shape.recomputes ? 2 : 1) + shape.chunks * 32;
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
  const rows = g.getRows(model.embedding, inputs.tokens);
  let x = shape.embeddingScale === 1 ? rows : g.scale(rows, shape.embeddingScale);
  const layers = model.layers.map((weights) => {
    const input = x;
    const layer = buildLayer(g, weights, shape, inputs, input);
    x = layer.y;
    return shape.recomputes
      ? { back: (dy: Tensor) => buildLayer(g, weights, shape, inputs, input).back(dy) }
      : layer;
  });
  const order: { tensor: Tensor; isOutput: boolean }[] = [];
  const chunks: { probability: Tensor; best: Tensor }[] = [];
  let dx: Tensor | null = null;
  for (const targets of inputs.chunks) {
    const chunk = buildLossChunk(g, model.head, { ...shape, rows: shape.chunkRows }, targets, x);
    chunks.push(chunk);
    order.push({ tensor: chunk.probability, isOutput: true }, { tensor: chunk.best, isOutput: true });
    if (!withGradients) continue;
    // Before the next chunk begins, or the softmax of every chunk would be alive at once.
    dx = dx === null ? chunk.dx() : g.add(dx, chunk.dx());
    order.push({ tensor: dx, isOutput: false });
  }
  const gradients: Partial<Record<LinearName, LoraGradients>>[] = model.layers.map(() => ({}));
  for (let index = layers.length - 1; index >= 0 && dx !== null; index--) {
    const back: ReturnType<(typeof layers)[number]['back']> = layers[index]!.back(dx);
    dx = back.dx;
    gradients[index] = back.gradients;
    for (const { a, b } of Object.values(back.gradients)) {
      order.push({ tensor: a, isOutput: true }, { tensor: b, isOutput: true });
    }
  }
  return { chunks, gradients, order };
}

function writeInputs(
  ggml: Ggml,
  inputs: ReturnType<typeof createInputs>,
  shape: GraphShape,
  batch: PackedBatch,
): void {
  ggml.write(inputs.tokens, batch.tokens);
  ggml.write(inputs.positions, batch.positions);
  for (const block of inputs.mask) ggml.write(block.tensor, fillMaskBlock(block, batch.documents, null));
  for (const block of inputs.localMask) {
    ggml.write(block.tensor, fillMaskBlock(block, batch.documents, shape.window));
  }
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
