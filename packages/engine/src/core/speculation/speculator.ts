import type { EnginePolicy } from '../engine-policy.ts';
import type { StepCostEstimate } from '../schedule/step-cost.ts';
import type { Sequence } from '../sequence.ts';
import { Acceptance } from './acceptance.ts';
import type { DraftModel } from './draft-model.ts';
import { copyContinuation, NgramIndex } from './ngram-index.ts';
import { type DraftCost, planDraftLength } from './plan-drafts.ts';
import { PredictionCursor } from './prediction-cursor.ts';

export type DraftSource = 'forced' | 'prediction' | 'ngram' | 'model';

/** Costs assumed until steps of different sizes were measured, and where they cost nothing (scripted models). */
const ASSUMED_COST = { baseMs: 3, rowMs: 1 };
/** Rows of refused drafts a sequence may waste before its first success … */
const WASTE_ROWS = 4;
/** … and the part of its decoding time beyond them. A wholly wrong prediction costs no more than this. */
const WASTE_SHARE = 0.02;
/** Credit from good drafts covers at most this many rows of later bad ones, so that a change is noticed soon. */
const CREDIT_ROWS = 32;

/** How fast the cost of a draft model's token is followed. */
const MODEL_COST_SHARE = 0.2;

/** First guesses of how likely a draft token of a source is right. */
const PRIORS = { prediction: 0.8, ngram: 0.6, model: 0.7 } as const;

/** Speculation state of one sequence. */
interface DraftState {
  readonly prediction: PredictionCursor | null;
  readonly ngrams: NgramIndex | null;
  readonly acceptance: Readonly<Record<keyof typeof PRIORS, Acceptance>>;
  /** Milliseconds lost on refused drafts minus those saved by accepted ones. */
  debtMs: number;
  /** Milliseconds of steps it took part in, its share of them. */
  decodeMs: number;
}

/**
 * Proposes draft tokens and judges whether they pay. Sources, best first: tokens a constraint forces, the user's
 * prediction, the sequence's own text, a draft model. All are verified the same way, so they can only cost time, and
 * how much time is bounded per sequence.
 */
export class Speculator {
  readonly #policy: EnginePolicy;
  /** Refused drafts have to be trimmed; tokens a constraint forces are never refused. */
  readonly #enabled: boolean;
  readonly #estimateCost: () => StepCostEstimate | null;
  readonly #draftModel: DraftModel | null;
  /** What a token of the draft model costs, smoothed. */
  #modelDraftMs = 0;
  readonly #states = new WeakMap<Sequence, DraftState>();

  constructor(
    policy: EnginePolicy,
    canTrim: boolean,
    estimateCost: () => StepCostEstimate | null,
    draftModel: DraftModel | null,
  ) {
    this.#policy = policy;
    this.#enabled = policy.speculation && canTrim;
    this.#estimateCost = estimateCost;
    this.#draftModel = draftModel;
  }

  /** Sets `drafts` of the sequences that decode. A promise only if the draft model has to run. */
  propose(sequences: readonly Sequence[]): Promise<void> | null {
    const decoding = sequences.filter((sequence) => sequence.generated > 0 && sequence.pending === 1);
    const wanted: { sequence: Sequence; count: number }[] = [];
    for (const sequence of decoding) {
      sequence.drafts = [];
      const room = Math.min(this.#policy.draftTokensMax, sequence.lengthMax - sequence.tokens.length - 1);
      if (room <= 0) continue;
      const count = this.#proposeFromText(sequence, room, decoding.length);
      if (count > 0) wanted.push({ sequence, count });
    }
    if (this.#draftModel === null || wanted.length === 0) return null;
    return this.#proposeFromModel(this.#draftModel, wanted);
  }

  /** What became of the drafts of a step that took `forwardMs` for `sequences` sequences. */
  learn(sequence: Sequence, drafts: number, accepted: number, forwardMs: number, sequences: number): void {
    const state = this.#states.get(sequence);
    if (state === undefined) return;
    state.decodeMs += forwardMs / sequences;
    const source = sequence.draftSource;
    if (drafts === 0 || source === null || source === 'forced') return;
    state.acceptance[source].learn(drafts, accepted);
    const { baseMs, rowMs, draftMs } = this.#draftCost(source, sequences);
    const lostMs = (drafts - accepted) * rowMs + drafts * draftMs - (accepted * baseMs) / sequences;
    state.debtMs = Math.max(state.debtMs + lostMs, -CREDIT_ROWS * (rowMs + draftMs));
  }

  /** The sequence ended. */
  forget(sequence: Sequence): void {
    this.#states.delete(sequence);
    this.#draftModel?.forget(sequence);
  }

  /** Drafts that cost nothing to make. Returns how many the draft model should make instead; 0: none. */
  #proposeFromText(sequence: Sequence, room: number, sequences: number): number {
    const forced = sequence.constraint?.forcedTokens() ?? [];
    if (forced.length > 0) {
      setDrafts(sequence, 'forced', forced.slice(0, room));
      return 0;
    }
    if (!this.#enabled) return 0;
    const state = this.#stateOf(sequence);
    const { array, length } = sequence.tokens;
    if (state.prediction !== null) {
      const count = this.#affordable(state, 'prediction', room, sequences);
      const tokens = state.prediction.propose(array, sequence.promptLength, length, Math.max(1, count));
      if (tokens.length > 0) {
        if (count > 0) setDrafts(sequence, 'prediction', tokens);
        return 0;
      }
    }
    if (state.ngrams !== null) {
      const from = state.ngrams.findContinuation(array, length);
      const count = from < 0 ? 0 : this.#affordable(state, 'ngram', room, sequences);
      if (count > 0) {
        setDrafts(sequence, 'ngram', copyContinuation(array, length, from, count));
        return 0;
      }
    }
    const mayDraft = this.#draftModel !== null && sequence.job.request.speculate && sequence.adapter === null;
    return mayDraft ? this.#affordable(state, 'model', room, sequences) : 0;
  }

  async #proposeFromModel(
    model: DraftModel,
    wanted: readonly { sequence: Sequence; count: number }[],
  ): Promise<void> {
    const start = performance.now();
    const proposals = await model.propose(wanted);
    const tokens = proposals.reduce((sum, { length }) => sum + length, 0);
    const draftMs = (performance.now() - start) / Math.max(1, tokens);
    this.#modelDraftMs += MODEL_COST_SHARE * (draftMs - this.#modelDraftMs);
    wanted.forEach(({ sequence }, i) => {
      setDrafts(sequence, 'model', proposals[i] ?? []);
    });
  }

  /** How many drafts of a source are worth their rows and covered by what the sequence may waste. */
  #affordable(state: DraftState, source: keyof typeof PRIORS, room: number, sequences: number): number {
    const cost = this.#draftCost(source, sequences);
    const worth = planDraftLength(state.acceptance[source].rate, cost, room);
    const draftMs = cost.rowMs + cost.draftMs;
    const allowanceMs = WASTE_ROWS * draftMs + WASTE_SHARE * state.decodeMs - state.debtMs;
    return Math.max(0, Math.min(worth, Math.floor(allowanceMs / draftMs)));
  }

  #draftCost(source: keyof typeof PRIORS, sequences: number): DraftCost {
    const measured = this.#estimateCost();
    const known = measured !== null && measured.baseMs + measured.rowMs > 1e-6;
    const { baseMs, rowMs } = known ? measured : ASSUMED_COST;
    // A row is never free: without a floor one lucky fit would switch every bound off.
    const draftMs = source === 'model' ? this.#modelDraftMs : 0;
    return { baseMs, rowMs: Math.max(rowMs, baseMs / 100, 1e-6), draftMs, sequences };
  }

  #stateOf(sequence: Sequence): DraftState {
    const known = this.#states.get(sequence);
    if (known !== undefined) return known;
    const { prediction, speculate } = sequence.job.request;
    const { ngramTokens } = this.#policy;
    const state: DraftState = {
      prediction: prediction === null ? null : new PredictionCursor(prediction, ngramTokens),
      ngrams: speculate ? new NgramIndex(ngramTokens) : null,
      acceptance: {
        prediction: new Acceptance(PRIORS.prediction, 3),
        ngram: new Acceptance(PRIORS.ngram, 3),
        model: new Acceptance(PRIORS.model, 3),
      },
      debtMs: 0,
      decodeMs: 0,
    };
    this.#states.set(sequence, state);
    return state;
  }
}

/** Under a constraint only drafts it allows are worth a row: they are accepted on trial and taken back. */
function setDrafts(sequence: Sequence, source: DraftSource, tokens: readonly number[]): void {
  const { constraint } = sequence;
  let drafts = tokens;
  if (constraint !== null && source !== 'forced') {
    const refused = tokens.findIndex((token) => !constraint.accept(token));
    const accepted = refused < 0 ? tokens.length : refused;
    constraint.rollback(accepted);
    drafts = tokens.slice(0, accepted);
  }
  sequence.drafts = drafts;
  sequence.draftSource = source;
}
