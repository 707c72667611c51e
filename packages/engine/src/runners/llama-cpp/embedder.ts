import { type LlamaContext, type LlamaModel, openContext, type Pooling } from '@sparkler/llama';
import { planEmbeddingBatches } from './plan-embedding-batches.ts';
import { RunnerError } from './runner-error.ts';

/** Sequences pooled in one batch. */
const SEQUENCES_MAX = 32;
/**
 * Tokens of several inputs that are packed into one batch; a longer input has one of its own. More are hardly
 * faster each, and others wait for the batch.
 */
const PACKED_TOKENS_MAX = 512;

export interface EmbedderOptions {
  readonly pooling: Exclude<Pooling, 'unspecified' | 'none'>;
  /**
   * Longest input, and the rows of one batch: a model without a causal mask needs the whole input at once.
   */
  readonly tokensMax: number;
  readonly threads: number;
}

/** Runs a computation where nothing that must not run beside it does. */
type Access = <T>(compute: () => Promise<T>) => Promise<T>;

/**
 * Computes pooled vectors in a context of its own, opened at the first use. Calls take turns, a batch each:
 * one with thousands of inputs delays another, an adapter or a close by one batch.
 */
export class Embedder {
  readonly #model: LlamaModel;
  readonly #options: EmbedderOptions;
  #context: LlamaContext | null = null;
  /** The batch that was asked for last. */
  #last: Promise<unknown> = Promise.resolve();
  readonly #calls = new Set<Promise<unknown>>();

  constructor(model: LlamaModel, options: EmbedderOptions) {
    this.#model = model;
    this.#options = options;
  }

  /**
   * One vector per input, in order. Throws RunnerError for an empty or too long input, before computing any;
   * rejects with the signal's reason before the first batch that was not begun when it was aborted.
   */
  async embed(
    inputs: readonly (readonly number[])[],
    access: Access,
    signal?: AbortSignal,
  ): Promise<Float32Array[]> {
    this.#checkInputs(inputs);
    const call = this.#embedInTurns(inputs, access, signal);
    this.#calls.add(call);
    try {
      return await call;
    } finally {
      this.#calls.delete(call);
    }
  }

  /** When all calls made so far have ended. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#calls);
  }

  /** Call once settled. */
  close(): void {
    this.#context?.close();
    this.#context = null;
  }

  async #embedInTurns(
    inputs: readonly (readonly number[])[],
    access: Access,
    signal: AbortSignal | undefined,
  ): Promise<Float32Array[]> {
    const lengths = inputs.map((input) => input.length);
    const vectors: Float32Array[] = [];
    const packedMax = Math.min(this.#options.tokensMax, PACKED_TOKENS_MAX);
    for (const { from, to } of planEmbeddingBatches(lengths, packedMax, SEQUENCES_MAX)) {
      const computed = this.#last.then(() => {
        signal?.throwIfAborted();
        return access(() => this.#embedBatch(inputs.slice(from, to)));
      });
      // The next batch, whose it may be, waits for this one to end, however it ends.
      this.#last = computed.catch(() => undefined);
      vectors.push(...(await computed));
    }
    return vectors;
  }

  async #open(): Promise<LlamaContext> {
    const { pooling, tokensMax, threads } = this.#options;
    this.#context ??= await openContext(this.#model, {
      cellsMax: tokensMax,
      sequencesMax: SEQUENCES_MAX,
      batchTokensMax: tokensMax,
      microBatchTokensMax: tokensMax,
      threads,
      pooling,
    });
    return this.#context;
  }

  async #embedBatch(inputs: readonly (readonly number[])[]): Promise<Float32Array[]> {
    const context = await this.#open();
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
