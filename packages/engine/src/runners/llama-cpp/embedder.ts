import { type LlamaContext, type LlamaModel, openContext, type Pooling } from '@sparkler/llama';
import { planEmbeddingBatches } from './plan-embedding-batches.ts';
import { RunnerError } from './runner-error.ts';

/** Sequences pooled in one batch. */
const SEQUENCES_MAX = 32;

export interface EmbedderOptions {
  readonly pooling: Exclude<Pooling, 'unspecified' | 'none'>;
  /**
   * Longest input, and the rows of one batch: a model without a causal mask needs the whole input at once.
   */
  readonly tokensMax: number;
  readonly threads: number;
}

/**
 * Computes pooled vectors in a context of its own, opened at the first use. Calls run one after the other.
 */
export class Embedder {
  readonly #model: LlamaModel;
  readonly #options: EmbedderOptions;
  #context: LlamaContext | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(model: LlamaModel, options: EmbedderOptions) {
    this.#model = model;
    this.#options = options;
  }

  /**
   * One vector per input, in order. Throws RunnerError for an empty or too long input, before computing any.
   */
  async embed(inputs: readonly (readonly number[])[]): Promise<Float32Array[]> {
    this.#checkInputs(inputs);
    const result = this.#last.then(() => this.#embedNow(inputs));
    // The next call waits for this one to end, however it ends.
    this.#last = result.catch(() => undefined);
    return await result;
  }

  async close(): Promise<void> {
    await this.#last;
    this.#context?.close();
    this.#context = null;
  }

  async #embedNow(inputs: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const { pooling, tokensMax, threads } = this.#options;
    this.#context ??= await openContext(this.#model, {
      cellsMax: tokensMax,
      sequencesMax: SEQUENCES_MAX,
      batchTokensMax: tokensMax,
      microBatchTokensMax: tokensMax,
      threads,
      pooling,
    });
    const context = this.#context;
    const lengths = inputs.map((input) => input.length);
    const vectors: Float32Array[] = [];
    for (const batch of planEmbeddingBatches(lengths, tokensMax, SEQUENCES_MAX)) {
      vectors.push(...(await this.#embedBatch(context, inputs.slice(batch.from, batch.to))));
    }
    return vectors;
  }

  async #embedBatch(context: LlamaContext, inputs: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const { batch } = context;
    let row = 0;
    for (const [slot, input] of inputs.entries()) {
      for (const [position, token] of input.entries()) {
        batch.tokens[row] = token;
        batch.positions[row] = position;
        batch.slots[row] = slot;
        batch.outputs[row] = 1;
        row++;
      }
    }
    context.clearSequences();
    if ((await context.decode(row)) !== 'ok') throw new RunnerError(`no room for ${row} tokens to embed`);
    const length =
      this.#options.pooling === 'rank' ? this.#model.classifierOutputs : this.#model.embeddingSize;
    return inputs.map((_, slot) => context.sequenceEmbedding(slot, length));
  }

  #checkInputs(inputs: readonly (readonly number[])[]): void {
    for (const [index, input] of inputs.entries()) {
      if (input.length === 0) throw new RunnerError(`input ${index} has no tokens`);
      if (input.length > this.#options.tokensMax) {
        throw new RunnerError(
          `input ${index} has ${input.length} tokens; this model embeds up to ${this.#options.tokensMax}`,
        );
      }
      const wrong = input.find((token) => !(token >= 0 && token < this.#model.vocabularySize));
      if (wrong !== undefined)
        throw new RunnerError(`input ${index} has token ${wrong}, outside the vocabulary`);
    }
  }
}
