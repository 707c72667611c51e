import type { ForwardBatch, ModelRunner } from '../model-runner.ts';
import { argmax } from '../sampling/argmax.ts';
import type { Sequence } from '../sequence.ts';
import type { DraftModel, Proposals } from './draft-model.ts';

/** What the draft runner has computed for a sequence: `tokens` lie in the cells of `slot`. */
interface Track {
  readonly slot: number;
  readonly tokens: number[];
  lastUse: number;
}

interface Wanted {
  readonly track: Track;
  /** Tokens the track must hold before it can guess. */
  readonly text: Int32Array;
  readonly length: number;
  readonly count: number;
  readonly drafts: number[];
}

/**
 * Drafts from a second, smaller model on a runner of its own: catches up with each text, then guesses
 * greedily, all sequences in one batch a token. `servedVocabularySize`: the served model's; throws if the two
 * differ. The caller keeps and closes the runner.
 */
export function createDraftModel(runner: ModelRunner, servedVocabularySize: number): DraftModel {
  if (runner.limits.vocabularySize !== servedVocabularySize) {
    throw new Error(
      `The draft model has ${runner.limits.vocabularySize} tokens and the served model ${servedVocabularySize}; ` +
        'choose a draft model of the same family.',
    );
  }
  return new RunnerDraftModel(runner);
}

class RunnerDraftModel implements DraftModel {
  readonly #runner: ModelRunner;
  readonly #tracks = new Map<Sequence, Track>();
  readonly #freeSlots: number[];
  #clock = 0;
  /** Spent in forward calls of this round. */
  #forwardMs = 0;

  constructor(runner: ModelRunner) {
    this.#runner = runner;
    this.#freeSlots = Array.from({ length: runner.limits.sequencesMax }, (_, slot) => slot);
  }

  async propose(
    wanted: readonly { readonly sequence: Sequence; readonly count: number }[],
  ): Promise<Proposals> {
    this.#clock++;
    this.#forwardMs = 0;
    const jobs = wanted.map(({ sequence, count }) => this.#prepare(sequence, count));
    const active = jobs.filter((job) => job !== null);
    for (let rows = this.#planRows(active); rows.length > 0; rows = this.#planRows(active)) {
      if (!(await this.#compute(rows))) break;
    }
    return { drafts: jobs.map((job) => job?.drafts ?? []), forwardMs: this.#forwardMs };
  }

  forget(sequence: Sequence): void {
    const track = this.#tracks.get(sequence);
    if (track === undefined) return;
    this.#tracks.delete(sequence);
    this.#runner.dropSequence(track.slot);
    this.#freeSlots.push(track.slot);
  }

  /**
   * The sequence's track with nothing in it that its text does not say. Null if there is no slot or no room.
   */
  #prepare(sequence: Sequence, count: number): Wanted | null {
    const { array, length } = sequence.tokens;
    if (length + count > this.#runner.limits.contextTokensMax) return null;
    const track = this.#tracks.get(sequence) ?? this.#openTrack(sequence);
    if (track === null) return null;
    track.lastUse = this.#clock;
    let common = 0;
    // The last token is computed again if need be: its logits are what the first guess comes from.
    while (common < Math.min(track.tokens.length, length - 1) && track.tokens[common] === array[common])
      common++;
    if (common < track.tokens.length) this.#trim(track, common);
    return { track, text: array, length, count, drafts: [] };
  }

  #openTrack(sequence: Sequence): Track | null {
    if (this.#freeSlots.length === 0) this.#dropOldest();
    const slot = this.#freeSlots.pop();
    if (slot === undefined) return null;
    const track = { slot, tokens: [], lastUse: this.#clock };
    this.#tracks.set(sequence, track);
    return track;
  }

  /** Gives up the longest unused track that this round does not need. */
  #dropOldest(): boolean {
    let oldest: Sequence | null = null;
    let lastUse = this.#clock;
    for (const [sequence, track] of this.#tracks) {
      if (track.lastUse >= lastUse) continue;
      oldest = sequence;
      lastUse = track.lastUse;
    }
    if (oldest === null) return false;
    this.forget(oldest);
    return true;
  }

  #trim(track: Track, length: number): void {
    if (this.#runner.trimSequence(track.slot, length)) track.tokens.length = length;
    else {
      this.#runner.dropSequence(track.slot);
      track.tokens.length = 0;
    }
  }

  /** Next tokens to compute, each with its track: a chunk of the text to catch up with, or the last guess. */
  #planRows(active: readonly Wanted[]): { job: Wanted; token: number; wantLogits: boolean }[] {
    const rows: { job: Wanted; token: number; wantLogits: boolean }[] = [];
    for (const job of active) {
      const { track, text, length, drafts, count } = job;
      if (drafts.length >= count) continue;
      const room = this.#runner.limits.batchTokensMax - rows.length;
      const end = Math.min(length, track.tokens.length + room);
      for (let at = track.tokens.length; at < end; at++) {
        rows.push({ job, token: text[at]!, wantLogits: at === length - 1 });
      }
      if (track.tokens.length >= length && room > 0) {
        rows.push({ job, token: drafts.at(-1)!, wantLogits: true });
      }
    }
    return rows;
  }

  /**
   * Computes rows and takes the guesses. False if the draft cache is full: what is guessed by then has to do.
   */
  async #compute(rows: readonly { job: Wanted; token: number; wantLogits: boolean }[]): Promise<boolean> {
    const next = new Map<Track, number>();
    const batch: ForwardBatch = {
      adapter: null,
      rows: rows.length,
      tokens: Int32Array.from(rows, ({ token }) => token),
      positions: Int32Array.from(rows, ({ job: { track } }) => {
        const position = next.get(track) ?? track.tokens.length;
        next.set(track, position + 1);
        return position;
      }),
      slots: Int32Array.from(rows, ({ job }) => job.track.slot),
      wantLogits: Uint8Array.from(rows, ({ wantLogits }) => (wantLogits ? 1 : 0)),
    };
    let result = await this.#runner.forward(batch);
    while (result.status === 'cache-full' && this.#dropOldest()) result = await this.#runner.forward(batch);
    if (result.status === 'cache-full') return false;
    this.#forwardMs += result.workMs ?? result.forwardMs;
    rows.forEach(({ job, token, wantLogits }, row) => {
      job.track.tokens.push(token);
      if (wantLogits) job.drafts.push(argmax(this.#runner.logits(row)));
    });
    return true;
  }
}
