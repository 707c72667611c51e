import type { GenerationEvent } from '../generation.ts';
import type { Outcome } from './requests.ts';

/** Where two greedy texts part, and how sure the model was there. */
export interface Parting {
  readonly position: number;
  /** By how much the logit of the token taken is larger than that of the other text's token. */
  readonly margin: number;
}

/**
 * Compares a greedy text with one that should be the same. `reference` was generated with log probabilities
 * of the best tokens, which differ as logits do. Null: they are the same; a token that is not even among the
 * alternatives gives an infinite margin.
 */
export function findParting(reference: Outcome, other: readonly number[]): Parting | null {
  const text = reference.choices[0]!;
  const position = text.findIndex((token, at) => other[at] !== token);
  if (position < 0) return other.length > text.length ? { position: text.length, margin: Infinity } : null;
  const events = reference.events.filter((event): event is TokenEvent => event.type === 'token');
  const { logprob, alternatives } = events[position]!;
  const rival = alternatives?.find(({ token }) => token === other[position]);
  return { position, margin: rival === undefined ? Infinity : Math.abs(logprob! - rival.logprob) };
}

type TokenEvent = Extract<GenerationEvent, { type: 'token' }>;
