import type { SequenceCache } from './cache/sequence-cache.ts';
import type { EndReason } from './generation.ts';
import type { ModelRunner } from './model-runner.ts';
import { adjustLogits } from './sampling/adjust-logits.ts';
import { Candidates } from './sampling/candidates.ts';
import { type LogprobReader, logprobOf, readLogprobs, topLogprobs } from './sampling/logprobs.ts';
import { Sampler } from './sampling/sampler.ts';
import type { StepPart } from './schedule/scheduler.ts';
import type { Sequence } from './sequence.ts';

/** What one part of a step led to. */
export interface PartOutcome {
  readonly generated: number;
  readonly draftsAccepted: number;
  /** Set when the choice ended. */
  readonly end: EndReason | null;
}

/** Third verb of the loop: turns logits into tokens, events and ends. */
export class StepApplier {
  readonly #runner: ModelRunner;
  readonly #cache: SequenceCache;
  readonly #sampler: Sampler;
  readonly #candidates: Candidates;
  readonly #rawLogits: Float32Array;

  constructor(runner: ModelRunner, cache: SequenceCache) {
    const { vocabularySize } = runner.limits;
    this.#runner = runner;
    this.#cache = cache;
    this.#sampler = new Sampler(vocabularySize);
    this.#candidates = new Candidates(vocabularySize);
    this.#rawLogits = new Float32Array(vocabularySize);
  }

  takeMaskMs(): number {
    return this.#sampler.takeMaskMs();
  }

  /** Applies the rows [firstRow, …) of one sequence. `fork` is called once the first choice's prompt is computed. */
  apply(part: StepPart, firstRow: number, fork: (source: Sequence, row: number) => void): PartOutcome {
    const { sequence, rows, drafts } = part;
    const samples = rows === sequence.pending;
    if (sequence.wantsPromptLogprobs) this.#readPromptLogprobs(sequence, rows, firstRow);
    this.#cache.extend(sequence, rows);
    if (!samples) return { generated: 0, draftsAccepted: 0, end: null };

    const lastRow = firstRow + rows - 1;
    sequence.job.sendPrompt();
    if (sequence.generated === 0 && sequence.choice === 0) fork(sequence, lastRow);
    this.#cache.extend(sequence, drafts.length);
    return this.#sampleRows(sequence, lastRow, drafts);
  }

  /** Samples the first token of a choice from a row that another choice computed. */
  applyFork(sequence: Sequence, row: number): PartOutcome {
    return this.#sampleRows(sequence, row, []);
  }

  /**
   * Verifies drafts: the token of each row is sampled from the model's distribution as if there were no draft, and
   * the next row counts only if its draft is that very token. So speculation changes no distribution, no seeded text.
   */
  #sampleRows(sequence: Sequence, firstRow: number, drafts: readonly number[]): PartOutcome {
    const base = sequence.tokens.length;
    let draftsAccepted = 0;
    for (;;) {
      if (sequence.tokens.length >= sequence.lengthMax) {
        return { generated: sequence.tokens.length - base, draftsAccepted, end: 'length' };
      }
      const end = this.#sampleOne(sequence, firstRow + draftsAccepted);
      const token = sequence.tokens.at(sequence.tokens.length - 1);
      const accepted = end === null && draftsAccepted < drafts.length && drafts[draftsAccepted] === token;
      if (!accepted) {
        const valid = base + draftsAccepted;
        if (sequence.computed > valid) this.#cache.trim(sequence, valid);
        return { generated: sequence.tokens.length - base, draftsAccepted, end };
      }
      draftsAccepted++;
    }
  }

  #sampleOne(sequence: Sequence, row: number): EndReason | null {
    const { job, constraint, counts } = sequence;
    const { request } = job;
    const logits = this.#runner.logits(row);
    let raw: LogprobReader | null = null;
    if (request.logprobs !== null) {
      this.#rawLogits.set(logits);
      raw = readLogprobs(this.#rawLogits);
    }
    const suppressed = request.ignoreEnd || sequence.generated < request.minTokens ? request.endTokens : null;
    adjustLogits(logits, request.sampling, counts, suppressed);
    const token = this.#sampler.sample(logits, sequence.sampler, sequence.generated, constraint);
    if (token < 0) return 'stop';
    return this.#commit(sequence, token, raw);
  }

  #commit(sequence: Sequence, token: number, raw: LogprobReader | null): EndReason | null {
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
    const isEnd = request.endTokens.includes(token);
    if (constraint !== null && !isEnd) constraint.accept(token);
    if (verdict === 'stop' || (isEnd && !request.ignoreEnd) || constraint?.mustEnd) return 'stop';
    return sequence.tokens.length >= sequence.lengthMax ? 'length' : null;
  }

  #readPromptLogprobs(sequence: Sequence, rows: number, firstRow: number): void {
    const { job, computed, promptLength } = sequence;
    const count = job.request.promptLogprobs ?? 0;
    for (let i = 0; i < rows; i++) {
      const next = computed + i + 1;
      // After a preemption the prompt is computed again; its log probabilities are known already.
      if (next >= promptLength || next < job.promptLogprobs!.length) continue;
      const reader = readLogprobs(this.#runner.logits(firstRow + i));
      const logprob = logprobOf(reader, sequence.tokens.at(next));
      job.promptLogprobs!.push({ logprob, alternatives: topLogprobs(reader, count, this.#candidates) });
    }
  }
}
