import type { SequenceCache } from './cache/sequence-cache.ts';
import type { Constraint } from './constraint.ts';
import type { EndReason } from './generation.ts';
import type { ModelRunner } from './model-runner.ts';
import { adjustLogits } from './sampling/adjust-logits.ts';
import { Candidates } from './sampling/candidates.ts';
import { type LogprobReader, logprobOf, readLogprobs, topLogprobs } from './sampling/logprobs.ts';
import { Sampler } from './sampling/sampler.ts';
import type { StepPart } from './schedule/scheduler.ts';
import type { Sequence } from './sequence.ts';

/** What a sequence's rows led to. */
export interface PartOutcome {
  readonly generated: number;
  readonly draftsAccepted: number;
  /** Set when the choice ended. */
  readonly end: EndReason | null;
}

/** Third verb of the loop: turns logits into tokens and events. */
export class StepApplier {
  readonly #runner: ModelRunner;
  readonly #cache: SequenceCache;
  readonly #sampler: Sampler;
  readonly #candidates: Candidates;
  readonly #rawLogits: Float32Array;
  #raw: LogprobReader | null = null;
  #adjustedRow = -1;
  #constraintMs = 0;

  constructor(runner: ModelRunner, cache: SequenceCache) {
    const { vocabularySize } = runner.limits;
    this.#runner = runner;
    this.#cache = cache;
    this.#sampler = new Sampler(vocabularySize);
    this.#candidates = new Candidates(vocabularySize);
    this.#rawLogits = new Float32Array(vocabularySize);
  }

  /** Milliseconds spent in constraints since the last call. */
  takeMaskMs(): number {
    const constraintMs = this.#constraintMs;
    this.#constraintMs = 0;
    return constraintMs + this.#sampler.takeMaskMs();
  }

  /**
   * Applies one sequence's rows of the batch, which begin at `firstRow`. `onPrompt` is called when its prompt
   * has just been computed, with the row whose logits its first token comes from.
   */
  apply(part: StepPart, firstRow: number, onPrompt: (row: number) => void): PartOutcome {
    const { sequence, rows, drafts } = part;
    this.#adjustedRow = -1;
    const isComplete = rows === sequence.pending;
    if (sequence.needsEveryLogit) this.#readPromptLogprobs(sequence, rows, firstRow);
    const inPrompt = sequence.computed < sequence.promptLength;
    this.#cache.extend(sequence, rows);
    if (inPrompt) this.#cache.register(sequence);
    if (!isComplete) return { generated: 0, draftsAccepted: 0, end: null };
    const lastRow = firstRow + rows - 1;
    if (sequence.generated === 0) onPrompt(lastRow);
    this.#cache.extend(sequence, drafts.length);
    return this.sample(sequence, lastRow, drafts);
  }

  /**
   * Samples from `firstRow` and verifies drafts: the token of each row is sampled from the model's
   * distribution as if there were no draft, and the next row counts only if its draft is that very token. So
   * speculation changes neither a distribution nor a seeded text. Tokens that a constraint forces behind a
   * sampled one are compared with the drafts in the same way: their rows hold nothing to sample, and the next
   * row that does is the one behind the last of them.
   */
  sample(sequence: Sequence, firstRow: number, drafts: readonly number[]): PartOutcome {
    const base = sequence.tokens.length;
    if (base >= sequence.lengthMax) return { generated: 0, draftsAccepted: 0, end: 'length' };
    let draftsAccepted = 0;
    for (;;) {
      const end = this.#sampleOne(sequence, firstRow + draftsAccepted);
      const generated = sequence.tokens.length - base;
      // The cell of the last token is left out when the choice ends: nobody will ask what follows it.
      const verifiable = Math.min(drafts.length, end === null ? generated : generated - 1);
      while (
        draftsAccepted < verifiable &&
        drafts[draftsAccepted] === sequence.tokens.at(base + draftsAccepted)
      ) {
        draftsAccepted++;
      }
      if (end === null && draftsAccepted === generated) continue;
      // Cells of drafts that were refused, or not reached because the choice ended.
      this.#cache.trim(sequence, base + draftsAccepted);
      return { generated, draftsAccepted, end };
    }
  }

  #sampleOne(sequence: Sequence, row: number): EndReason | null {
    const { job, constraint } = sequence;
    const { request } = job;
    const logits = this.#runner.logits(row);
    // Choices share the row of their first token, where all adjustments are the same: they are made once.
    if (this.#adjustedRow !== row) {
      this.#adjustedRow = row;
      this.#raw = request.logprobs === null ? null : this.#keepRaw(logits);
      const mayEnd = !request.ignoreEnd && sequence.generated >= request.minTokens;
      adjustLogits(logits, request.sampling, sequence.counts, mayEnd ? null : request.endTokens);
    }
    const raw = this.#raw;
    const token = this.#sampler.sample(logits, sequence.sampler, sequence.generated, constraint);
    if (token >= 0) return this.#commit(sequence, token, raw);
    if (constraint?.canEnd) return 'stop';
    throw new Error(
      constraint === null
        ? 'The model gave no usable logits: all are minus infinity or not a number.'
        : 'The grammar allows no token of this model here.',
    );
  }

  /** Log probabilities are those of the model, so they are taken from logits before any adjustment. */
  #keepRaw(logits: Float32Array): LogprobReader {
    this.#rawLogits.set(logits);
    return readLogprobs(this.#rawLogits);
  }

  /** Makes a token part of the text, and those that the constraint forces after it. */
  #commit(sequence: Sequence, token: number, raw: LogprobReader | null): EndReason | null {
    const end = this.#commitOne(sequence, token, raw);
    if (end !== null || sequence.constraint === null || raw !== null) return end;
    // With log probabilities wanted, forced tokens go through the model as drafts instead.
    const { constraint } = sequence;
    for (let forced = this.#force(constraint); forced.length > 0; forced = this.#force(constraint)) {
      for (const next of forced) {
        const forcedEnd = this.#commitOne(sequence, next, null);
        if (forcedEnd !== null) return forcedEnd;
      }
    }
    return null;
  }

  #force(constraint: Constraint): readonly number[] {
    const start = performance.now();
    const forced = constraint.forcedTokens();
    this.#constraintMs += performance.now() - start;
    return forced;
  }

  #accept(constraint: Constraint, token: number): void {
    const start = performance.now();
    const isAllowed = constraint.accept(token);
    this.#constraintMs += performance.now() - start;
    if (!isAllowed) throw new Error('The grammar refused a token that it had allowed.');
  }

  #commitOne(sequence: Sequence, token: number, raw: LogprobReader | null): EndReason | null {
    const { job, choice, constraint } = sequence;
    const { request } = job;
    sequence.tokens.push(token);
    sequence.counts?.addGenerated(token);
    const verdict = job.acceptToken(choice, token);
    if (raw === null) job.emit({ type: 'token', choice, token });
    else {
      const alternatives = topLogprobs(raw, request.logprobs ?? 0, this.#candidates);
      job.emit({ type: 'token', choice, token, logprob: logprobOf(raw, token), alternatives });
    }
    const isEnd = !request.ignoreEnd && request.endTokens.includes(token);
    if (verdict === 'stop' || isEnd) return 'stop';
    if (constraint !== null) this.#accept(constraint, token);
    if (constraint?.mustEnd) return 'stop';
    return sequence.tokens.length >= sequence.lengthMax ? 'length' : null;
  }

  #readPromptLogprobs(sequence: Sequence, rows: number, firstRow: number): void {
    const { job, computed, promptLength } = sequence;
    const known = job.promptLogprobs!;
    for (let i = 0; i < rows; i++) {
      const next = computed + i + 1;
      // After a preemption the prompt is computed again; the first part is known already.
      if (next >= promptLength || next < known.length) continue;
      const reader = readLogprobs(this.#runner.logits(firstRow + i));
      const alternatives = topLogprobs(reader, job.request.promptLogprobs ?? 0, this.#candidates);
      known.push({ logprob: logprobOf(reader, sequence.tokens.at(next)), alternatives });
    }
  }
}
