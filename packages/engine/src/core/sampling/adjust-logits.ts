import type { SamplingOptions } from '../generation.ts';
import type { TokenCounts } from './token-counts.ts';

/** True if the penalties need the sequence's token counts. */
export function needsTokenCounts(sampling: SamplingOptions): boolean {
  return (
    sampling.repetitionPenalty !== 1 || sampling.frequencyPenalty !== 0 || sampling.presencePenalty !== 0
  );
}

/**
 * First stage of sampling, in place and only on the tokens it concerns (never a pass over the vocabulary):
 * 1. repetition penalty over prompt and output (CTRL paper): positive logits are divided by it, others
 *    multiplied;
 * 2. `logit -= count * frequency_penalty + (count > 0 ? 1 : 0) * presence_penalty`, counts of the output
 *    only;
 * 3. logit bias;
 * 4. `suppressed` tokens (end tokens before min_tokens or under ignore_eos) become impossible.
 */
export function adjustLogits(
  logits: Float32Array,
  sampling: SamplingOptions,
  counts: TokenCounts | null,
  suppressed: readonly number[] | null,
): void {
  if (counts !== null) applyPenalties(logits, sampling, counts);
  for (const [token, bias] of sampling.logitBias) logits[token]! += bias;
  if (suppressed !== null) for (const token of suppressed) logits[token] = Number.NEGATIVE_INFINITY;
}

function applyPenalties(logits: Float32Array, sampling: SamplingOptions, counts: TokenCounts): void {
  const { repetitionPenalty, frequencyPenalty, presencePenalty } = sampling;
  const { tokens, generated } = counts;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    const count = generated[i]!;
    let logit = logits[token]!;
    logit = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
    if (count > 0) logit -= count * frequencyPenalty + presencePenalty;
    logits[token] = logit;
  }
}
