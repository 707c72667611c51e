import type { TokenAlternative } from '../generation.ts';
import { argmax } from './argmax.ts';
import { type Candidates, collectTop } from './candidates.ts';
import { fastExp } from './fast-exp.ts';

/** Log probabilities of the model's own distribution: no penalty, bias, temperature or filter. */
export interface LogprobReader {
  /** ln of the sum of exp(logit) */
  readonly logSum: number;
  readonly logits: Float32Array;
}

/** One pass over the vocabulary. */
export function readLogprobs(logits: Float32Array): LogprobReader {
  const best = argmax(logits);
  const max = best < 0 ? 0 : logits[best]!;
  let sum = 0;
  for (let token = 0; token < logits.length; token++) sum += fastExp(logits[token]! - max);
  return { logSum: max + Math.log(sum), logits };
}

export function logprobOf(reader: LogprobReader, token: number): number {
  return reader.logits[token]! - reader.logSum;
}

/** The `count` most probable tokens, most probable first. */
export function topLogprobs(
  reader: LogprobReader,
  count: number,
  candidates: Candidates,
): TokenAlternative[] {
  if (count <= 0) return [];
  collectTop(candidates, reader.logits, 1, Math.min(count, reader.logits.length), null);
  const alternatives: TokenAlternative[] = [];
  for (let i = 0; i < candidates.count; i++) {
    const token = candidates.tokens[i]!;
    alternatives.push({ token, logprob: logprobOf(reader, token) });
  }
  return alternatives.sort((a, b) => b.logprob - a.logprob || a.token - b.token);
}
