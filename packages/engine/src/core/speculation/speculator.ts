import type { EnginePolicy } from '../engine-policy.ts';
import type { Sequence } from '../sequence.ts';
import { Acceptance } from './acceptance.ts';
import type { DraftModel } from './draft-model.ts';
import type { Guess } from './guess.ts';
import { planDraftLength } from './plan-drafts.ts';
import { createPredictionGuess } from './prediction-guess.ts';
import { createRepetitionGuess } from './repetition-guess.ts';
import { SettlingAcceptance } from './settling-acceptance.ts';

/** Assumed until steps were measured, and where they cost nothing (scripted models). */
const assumeStepMs = (rows: number): number => 3 + rows;
/**
 * Part of its decoding time that a sequence may lose on refused drafts; then it waits until time has made it
 * good.
 */
const WASTE_SHARE = 0.02;
/** Good drafts are credited for so many tokens' time at most, so that a change is noticed soon. */
const CREDIT_TOKENS = 32;
/**
 * First estimates of how likely a guess is right, and how many observations they weigh. Predictions have
 * their own.
 */
const PRIORS = { repetition: 0.5, model: 0.7 } as const;
const PRIOR_WEIGHT = 2;
/**
 * Tokens by which the place in a prediction is found again behind an edit. Fewer than for repetition: one
 * text, known to be near. Simulated on four edits of 443 tokens: 1, 2 and 3 give 3.5, 5.7 and 5.1 times fewer
 * steps.
 */
const PREDICTION_RUN_TOKENS = 2;
/** Part of a token's time that a right guess takes off the debt while nothing is drafted. */
const FORGIVEN_SHARE = 0.25;
/** How fast the cost of a draft model's token is followed. */
const MODEL_COST_SHARE = 0.2;

type GuessSource = 'prediction' | keyof typeof PRIORS;
export type DraftSource = 'forced' | GuessSource;

/** Speculation state of one sequence. */
interface DraftState {
  readonly guesses: readonly { readonly source: GuessSource; readonly guess: Guess }[];
  readonly acceptance: {
    readonly prediction: SettlingAcceptance;
    readonly repetition: Acceptance;
    readonly model: Acceptance;
  };
  /** Milliseconds lost on refused drafts minus those saved by accepted ones. */
  debtMs: number;
  /** Its share of the steps it took part in. */
  decodeMs: number;
}

/**
 * Proposes draft tokens and judges whether they pay. Sources, best first: tokens a constraint forces, the
 * user's prediction, the sequence's own text, a draft model. All are verified the same way, so they can only
 * cost time. What comes from text is first compared with the output for nothing: only guesses that prove
 * right get rows, a wholly wrong prediction gets none. What is lost on refused drafts beyond that is bounded
 * per sequence.
 */
export class Speculator {
  readonly #policy: EnginePolicy;
  /** Refused drafts have to be trimmed; tokens a constraint forces are never refused. */
  readonly #enabled: boolean;
  readonly #stepMs: (rows: number) => number;
  /** Null once it failed: the served model can do without. */
  #draftModel: DraftModel | null;
  readonly #onDraftFailure: (error: unknown) => void;
  /** What a token of the draft model costs, smoothed. */
  #modelDraftMs = 0;
  readonly #states = new WeakMap<Sequence, DraftState>();

  constructor(
    policy: EnginePolicy,
    canTrim: boolean,
    estimateStepMs: (rows: number) => number | null,
    draftModel: DraftModel | null,
    onDraftFailure: (error: unknown) => void,
  ) {
    this.#policy = policy;
    this.#enabled = policy.speculation && canTrim;
    this.#stepMs = (rows) => {
      const known = estimateStepMs(rows);
      return known !== null && known > 1e-6 ? known : assumeStepMs(rows);
    };
    this.#draftModel = draftModel;
    this.#onDraftFailure = onDraftFailure;
  }

  /** Sets `drafts` of the sequences that decode. A promise only if the draft model has to run. */
  propose(sequences: readonly Sequence[]): Promise<void> | null {
    const decoding = sequences.filter((sequence) => sequence.isDecoding);
    const tokenMs = this.#stepMs(Math.max(1, decoding.length)) / decoding.length;
    const wanted: { sequence: Sequence; count: number }[] = [];
    let rows = decoding.reduce((sum, { pending }) => sum + pending, 0);
    for (const sequence of decoding) {
      sequence.drafts = [];
      const room = Math.min(this.#policy.draftTokensMax, sequence.lengthMax - sequence.tokens.length - 1);
      if (room <= 0 || this.#proposeForced(sequence, room) || !this.#enabled) continue;
      const count = this.#proposeFromText(sequence, room, rows, tokenMs);
      if (count > 0) wanted.push({ sequence, count });
      rows += sequence.drafts.length + count;
    }
    if (this.#draftModel === null || wanted.length === 0) return null;
    return this.#proposeFromModel(this.#draftModel, wanted);
  }

  /** What became of a sequence's drafts in a step of `rows` rows for `sequences` sequences. */
  learn(sequence: Sequence, drafts: number, accepted: number, rows: number, sequences: number): void {
    const state = this.#states.get(sequence);
    if (state === undefined) return;
    const stepMs = this.#stepMs(rows);
    state.decodeMs += stepMs / sequences;
    const source = sequence.draftSource;
    if (drafts === 0 || source === null || source === 'forced') return;
    const tokenMs = this.#stepMs(sequences) / sequences;
    let lostMs = stepMs - this.#stepMs(rows - drafts) - accepted * tokenMs;
    if (source === 'model') {
      lostMs += drafts * this.#modelDraftMs;
      // Guesses from text are followed token by token; of a model's drafts those after the first wrong one
      // say nothing.
      for (let i = 0; i < Math.min(drafts, accepted + 1); i++) state.acceptance.model.learn(i < accepted);
    }
    state.debtMs = Math.max(state.debtMs + lostMs, -CREDIT_TOKENS * tokenMs);
  }

  /** The sequence ended. */
  forget(sequence: Sequence): void {
    this.#states.delete(sequence);
    this.#draftModel?.forget(sequence);
  }

  /** Tokens that a constraint forces need no judging. */
  #proposeForced(sequence: Sequence, room: number): boolean {
    // Without log probabilities they are part of the text already.
    if (sequence.job.request.logprobs === null) return false;
    const forced = sequence.constraint?.forcedTokens() ?? [];
    if (forced.length > 0) setDrafts(sequence, 'forced', forced.slice(0, room));
    return forced.length > 0;
  }

  /**
   * Takes drafts from the first source that has a guess. Returns how many a draft model should make instead.
   */
  #proposeFromText(sequence: Sequence, room: number, rows: number, tokenMs: number): number {
    const state = this.#stateOf(sequence);
    const { array, length } = sequence.tokens;
    for (const { source, guess } of state.guesses) {
      const learn = (isRight: boolean) => {
        state.acceptance[source].learn(isRight);
        if (source === 'prediction') forgive(state, isRight, tokenMs);
      };
      guess.follow(array, length, learn, (sameTokens) => state.acceptance.prediction.find(sameTokens));
    }
    const isInDebt = state.debtMs > WASTE_SHARE * state.decodeMs;
    if (isInDebt) return 0;
    const cost = { stepMs: this.#stepMs, rows, tokenMs, draftMs: 0 };
    for (const { source, guess } of state.guesses) {
      const tokens = guess.propose(array, length, room);
      if (tokens.length === 0) continue;
      const count = planDraftLength((ahead) => state.acceptance[source].rateAt(ahead), cost, tokens.length);
      if (count > 0) setDrafts(sequence, source, tokens.slice(0, count));
      return 0;
    }
    const mayDraft = this.#draftModel !== null && sequence.job.request.speculate && sequence.adapter === null;
    if (!mayDraft) return 0;
    const { rate } = state.acceptance.model;
    return planDraftLength(() => rate, { ...cost, draftMs: this.#modelDraftMs }, room);
  }

  async #proposeFromModel(
    model: DraftModel,
    wanted: readonly { sequence: Sequence; count: number }[],
  ): Promise<void> {
    try {
      const { drafts, forwardMs } = await model.propose(wanted);
      const made = drafts.reduce((sum, { length }) => sum + length, 0);
      if (made > 0) this.#modelDraftMs += MODEL_COST_SHARE * (forwardMs / made - this.#modelDraftMs);
      wanted.forEach(({ sequence }, i) => {
        setDrafts(sequence, 'model', drafts[i] ?? []);
      });
    } catch (error) {
      this.#draftModel = null;
      this.#onDraftFailure(error);
    }
  }

  #stateOf(sequence: Sequence): DraftState {
    const known = this.#states.get(sequence);
    if (known !== undefined) return known;
    const { prediction, speculate } = sequence.job.request;
    const { ngramTokens } = this.#policy;
    const start = sequence.promptLength;
    const guesses: { source: GuessSource; guess: Guess }[] = [];
    if (prediction !== null) {
      const runTokens = Math.min(PREDICTION_RUN_TOKENS, ngramTokens);
      guesses.push({ source: 'prediction', guess: createPredictionGuess(prediction, runTokens, start) });
    }
    if (speculate) guesses.push({ source: 'repetition', guess: createRepetitionGuess(ngramTokens, start) });
    const state: DraftState = {
      guesses,
      acceptance: {
        prediction: new SettlingAcceptance(),
        repetition: new Acceptance(PRIORS.repetition, PRIOR_WEIGHT),
        model: new Acceptance(PRIORS.model, PRIOR_WEIGHT),
      },
      debtMs: 0,
      decodeMs: 0,
    };
    this.#states.set(sequence, state);
    return state;
  }
}

/**
 * In debt nothing is drafted, so nothing could be earned; but a prediction that goes on being right would
 * have earned it.
 */
function forgive(state: DraftState, isRight: boolean, tokenMs: number): void {
  if (isRight && state.debtMs > 0 && state.acceptance.prediction.isSettled)
    state.debtMs -= FORGIVEN_SHARE * tokenMs;
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
