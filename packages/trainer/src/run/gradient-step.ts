import type { GraphAllocator } from '@sparkler/llama/ggml';
import { type AdapterEntry, viewEntry } from '../adapter/adapter-layout.ts';
import { packBatch, planRowLength, sumWeights } from '../data/pack-batch.ts';
import type { PackedRow } from '../data/plan-steps.ts';
import type { TokenizedExample } from '../data/tokenize-example.ts';
import { type BatchResult, type PackedBatch, TrainingGraph } from '../graph/training-graph.ts';
import type { LinearName } from '../graph/transformer-layer.ts';
import type { TrainableModel } from '../model/trainable-model.ts';
import { planGraphSizes } from './plan-graph-sizes.ts';

/** Graphs kept: each is a few MB of descriptions. */
const graphsMax = 24;

/** Runs rows of packed examples through graphs made for their lengths, and collects gradients. */
export class GradientStep {
  readonly #model: TrainableModel;
  readonly #allocator: GraphAllocator;
  readonly #graphs = new Map<string, TrainingGraph>();
  readonly #entries: ReadonlyMap<string, AdapterEntry>;
  readonly #scratch: Float32Array;

  constructor(model: TrainableModel) {
    this.#model = model;
    this.#allocator = model.ggml.createAllocator();
    this.#entries = new Map(
      model.layout.entries.map((entry) => [`${entry.layer}.${entry.linear}.${entry.side}`, entry]),
    );
    this.#scratch = new Float32Array(
      Math.max(...model.layout.entries.map((entry) => entry.columns * entry.rows)),
    );
  }

  /**
   * Loss of some rows, and (with `gradients`) its gradient added to that vector. One optimiser step's rows at
   * once.
   */
  async run(
    examples: readonly TokenizedExample[],
    rows: readonly PackedRow[],
    gradients: Float32Array | null,
  ): Promise<BatchResult> {
    return (await this.runUntil(examples, rows, gradients, async () => false))!;
  }

  /** The same, asked before each row whether to go no further: then null, and the gradients are of no use. */
  async runUntil(
    examples: readonly TokenizedExample[],
    rows: readonly PackedRow[],
    gradients: Float32Array | null,
    isEnough: () => Promise<boolean>,
  ): Promise<BatchResult | null> {
    const totalWeight = sumWeights(examples, rows.flat());
    const total = { loss: 0, correct: 0, rows: 0 };
    for (const row of rows) {
      if (await isEnough()) return null;
      const batch = packBatch(examples, row, totalWeight);
      const graph = this.#findGraph(batch, gradients !== null);
      const read = gradients === null ? null : this.#createReader(gradients);
      const bytesBefore = this.workingBytes;
      const result = await graph.run(this.#allocator, batch, read);
      if (this.workingBytes !== bytesBefore) this.#forgetOthers(graph);
      total.loss += result.loss;
      total.correct += result.correct;
      total.rows += result.rows;
    }
    return total;
  }

  /** Bytes of intermediate tensors, at the largest row so far. */
  get workingBytes(): number {
    return this.#model.ggml.allocatorBytes(this.#allocator);
  }

  free(): void {
    for (const graph of this.#graphs.values()) graph.free();
    this.#graphs.clear();
    this.#model.ggml.freeAllocator(this.#allocator);
  }

  /**
   * A graph keeps the addresses it first got. When the buffer grew it moved, so every other graph points at
   * freed memory: they are made anew when they are needed again.
   */
  #forgetOthers(current: TrainingGraph): void {
    for (const [key, graph] of this.#graphs) {
      if (graph === current) continue;
      graph.free();
      this.#graphs.delete(key);
    }
  }

  #createReader(gradients: Float32Array) {
    const { ggml } = this.#model;
    return (layer: number, linear: LinearName, pair: { readonly a: unknown; readonly b: unknown }): void => {
      for (const side of ['a', 'b'] as const) {
        const entry = this.#entries.get(`${layer}.${linear}.${side}`)!;
        const target = viewEntry(gradients, entry);
        const source = this.#scratch.subarray(0, target.length);
        ggml.read(pair[side] as Parameters<typeof ggml.read>[0], source);
        for (let i = 0; i < target.length; i++) target[i] = target[i]! + source[i]!;
      }
    };
  }

  #findGraph(batch: PackedBatch, withGradients: boolean): TrainingGraph {
    const { ggml, tensors, shape } = this.#model;
    const length = planRowLength(batch.tokens.length);
    const sizes = planGraphSizes(shape, length, batch.rowTargets.length, withGradients);
    const key = `${sizes.tokens}/${sizes.chunks}/${sizes.chunkRows}/${withGradients}`;
    const known = this.#graphs.get(key);
    if (known !== undefined) return known;
    if (this.#graphs.size >= graphsMax) {
      const [oldest, graph] = this.#graphs.entries().next().value!;
      graph.free();
      this.#graphs.delete(oldest);
    }
    const graph = new TrainingGraph(ggml, tensors, { ...shape, ...sizes }, withGradients);
    this.#graphs.set(key, graph);
    return graph;
  }
}
