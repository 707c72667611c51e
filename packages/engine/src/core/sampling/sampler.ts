import type { Constraint } from '../constraint.ts';
import type { SamplingOptions } from '../generation.ts';
import { argmax, argmaxMasked } from './argmax.ts';
import { Candidates, keepAllowed } from './candidates.ts';
import { filterCandidates, isFiltering } from './filter-candidates.ts';
import { createNoiseKey, type NoiseKey } from './noise.ts';
import { drawByRace } from './race.ts';
import { raceLogits } from './race-logits.ts';

/** What one choice carries from token to token. */
export interface SamplerState {
  readonly sampling: SamplingOptions;
  readonly choice: number;
  /** Mirostat's bound of surprise, bits. */
  mirostatMu: number;
}

export function createSamplerState(sampling: SamplingOptions, choice: number): SamplerState {
  return { sampling, choice, mirostatMu: 2 * (sampling.mirostatTarget ?? 0) };
}

/**
 * Chooses tokens from adjusted logits. Under a constraint, the token is sampled as if there were none and
 * checked; only if it is refused, the mask is filled and the draw repeated among allowed tokens with the same
 * noise. That is exactly masked sampling: the winner of a race among all is the winner among the allowed if
 * it is one of them. With filters on, it is the model's filtered distribution that is masked (filters say
 * what is plausible, the mask then restricts it); if the mask leaves none of the filtered tokens, the filters
 * are computed anew over allowed ones.
 */
export class Sampler {
  readonly #candidates: Candidates;
  readonly #mask: Uint32Array;
  /** Milliseconds spent in masks since `takeMaskMs`. */
  #maskMs = 0;

  constructor(vocabularySize: number) {
    this.#candidates = new Candidates(vocabularySize);
    this.#mask = new Uint32Array(Math.ceil(vocabularySize / 32));
  }

  takeMaskMs(): number {
    const maskMs = this.#maskMs;
    this.#maskMs = 0;
    return maskMs;
  }

  /**
   * The token at output position `position`, or -1 if none is possible. Reads the logits, changes only
   * `state`.
   * `suppressed` tokens have a logit of minus infinity already; a constraint's mask does not bring them back.
   */
  sample(logits: Float32Array, state: SamplerState, position: number, constraint: Constraint | null): number {
    if (state.sampling.temperature === 0) return this.#sampleGreedy(logits, constraint);
    const key = createNoiseKey(state.sampling.seed, state.choice, position);
    let token = this.#draw(logits, state, key);
    if (token < 0) return -1;
    if (constraint !== null && !this.#allows(constraint, token)) {
      token = this.#keepAllowed(logits, state, constraint) ? drawByRace(this.#candidates, key) : -1;
    }
    if (token >= 0 && state.sampling.mirostatTarget !== null) this.#learn(state, token);
    return token;
  }

  /** Among all tokens that the filters leave; -1 if there is none. */
  #draw(logits: Float32Array, { sampling, mirostatMu }: SamplerState, key: NoiseKey): number {
    if (!isFiltering(sampling, logits.length)) return raceLogits(logits, sampling.temperature, key);
    const possible = filterCandidates(this.#candidates, logits, sampling, mirostatMu, null);
    return possible ? drawByRace(this.#candidates, key) : -1;
  }

  #sampleGreedy(logits: Float32Array, constraint: Constraint | null): number {
    const token = argmax(logits);
    if (constraint === null || token < 0 || this.#allows(constraint, token)) return token;
    return argmaxMasked(logits, this.#fillMask(constraint));
  }

  /** Reduces the candidates to allowed ones. False if none is left. */
  #keepAllowed(logits: Float32Array, state: SamplerState, constraint: Constraint): boolean {
    const mask = this.#fillMask(constraint);
    if (isFiltering(state.sampling, logits.length) && keepAllowed(this.#candidates, mask)) return true;
    // Weighed anew: allowed tokens may be so far below the best one that they had no weight beside it.
    return filterCandidates(this.#candidates, logits, state.sampling, state.mirostatMu, mask);
  }

  /** Mirostat's feedback: the surprise of the token, in bits, pulls the bound towards the target. */
  #learn(state: SamplerState, token: number): void {
    const { tokens, weights, count, total } = this.#candidates;
    for (let i = 0; i < count; i++) {
      if (tokens[i] !== token) continue;
      const surprise = -Math.log2(weights[i]! / total);
      state.mirostatMu -= state.sampling.mirostatRate * (surprise - state.sampling.mirostatTarget!);
      return;
    }
  }

  #allows(constraint: Constraint, token: number): boolean {
    const start = performance.now();
    const allowed = constraint.allows(token);
    this.#maskMs += performance.now() - start;
    return allowed;
  }

  #fillMask(constraint: Constraint): Uint32Array {
    const start = performance.now();
    constraint.fillMask(this.#mask);
    this.#maskMs += performance.now() - start;
    return this.#mask;
  }
}
