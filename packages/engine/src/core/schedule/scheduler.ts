import type { SequenceCache } from '../cache/sequence-cache.ts';
import type { EnginePolicy } from '../engine-policy.ts';
import type { GenerationJob } from '../generation-job.ts';
import type { RunnerLimits } from '../model-runner.ts';
import type { Sequence } from '../sequence.ts';
import { AdapterTurns } from './adapter-turns.ts';
import { planRows, type RowsPlanned } from './plan-rows.ts';
import { StepCost } from './step-cost.ts';

/** Cells kept free for each running sequence before another one is let in, so that decoding can go on for a while. */
const GROWTH_CELLS = 16;
/** A sequence with output and at most this many pending tokens counts as decoding (forced tokens come in runs). */
const DECODE_PENDING_MAX = 32;

/** Rows of one sequence in a step. */
export interface StepPart {
  readonly sequence: Sequence;
  /** Pending tokens to compute. */
  readonly rows: number;
  /** Draft tokens behind them, to verify. */
  readonly drafts: readonly number[];
}

export interface StepPlan {
  readonly adapter: string | null;
  readonly parts: readonly StepPart[];
}

/** Decides who runs: admission, the rows of each step, preemption. It never touches tensors or text. */
export class Scheduler {
  readonly running: Sequence[] = [];
  /** Preempted sequences and choices that wait for a slot; they go before requests that never started. */
  readonly paused: Sequence[] = [];
  readonly cost = new StepCost();
  preemptions = 0;
  readonly #cache: SequenceCache;
  readonly #policy: EnginePolicy;
  readonly #limits: RunnerLimits;
  readonly #turns: AdapterTurns;
  #step = 0;

  constructor(cache: SequenceCache, policy: EnginePolicy, limits: RunnerLimits) {
    this.#cache = cache;
    this.#policy = policy;
    this.#limits = limits;
    this.#turns = new AdapterTurns(policy.adapterTurnSteps);
  }

  /** Lets a sequence run if there is a slot and room; false (and nothing changed) if not. */
  admit(sequence: Sequence): boolean {
    if (this.running.length >= this.#policy.runningMax || !this.#hasRoom(sequence)) return false;
    if (!this.#cache.open(sequence)) return false;
    this.running.push(sequence);
    return true;
  }

  get hasSlot(): boolean {
    return this.running.length < this.#policy.runningMax;
  }

  /** Resumes paused sequences while there is room. False if some still wait: nobody new goes before them. */
  resume(): boolean {
    const order = (a: Sequence, b: Sequence): number =>
      b.job.request.priority - a.job.request.priority || a.job.arrival - b.job.arrival || a.choice - b.choice;
    for (const sequence of this.paused.toSorted(order)) {
      if (!this.admit(sequence)) return false;
      removeFrom(this.paused, sequence);
    }
    return true;
  }

  /** `target` starts with the cells of `source`; if there is no room it waits for its turn. True if it runs. */
  fork(source: Sequence, target: Sequence): boolean {
    if (this.hasSlot && this.#cache.fork(source, target)) {
      this.running.push(target);
      return true;
    }
    this.paused.push(target);
    return false;
  }

  retireJob(job: GenerationJob): void {
    for (const sequence of [...this.running, ...this.paused]) if (sequence.job === job) this.retire(sequence);
  }

  /** Ends a sequence's use of the engine. */
  retire(sequence: Sequence): void {
    sequence.ended = true;
    removeFrom(this.running, sequence);
    removeFrom(this.paused, sequence);
    this.#cache.close(sequence);
  }

  /** The next step, or null if nothing runs. Preempts when cells are short. */
  plan(): StepPlan | null {
    while (this.running.length > 0) {
      const groups = new Set<string | null>();
      for (const sequence of this.running) groups.add(sequence.adapter?.id ?? null);
      const adapter = this.#turns.next(groups);
      const group = this.running.filter((sequence) => (sequence.adapter?.id ?? null) === adapter);
      const parts = this.#planGroup(group);
      if (parts.length > 0) {
        this.#step++;
        for (const { sequence } of parts) sequence.lastStep = this.#step;
        return { adapter, parts };
      }
      if (this.preemptOne() === null) {
        throw new Error(
          `One sequence of ${group[0]?.tokens.length} tokens alone finds no cell; the bookkeeping is wrong.`,
        );
      }
    }
    return null;
  }

  /** Takes the slot from the sequence that loses least by policy: lowest priority, then latest arrival. */
  preemptOne(): Sequence | null {
    const victim = chooseVictim(this.running);
    if (victim === null) return null;
    this.preemptions++;
    removeFrom(this.running, victim);
    this.#cache.close(victim);
    this.paused.push(victim);
    return victim;
  }

  #planGroup(group: readonly Sequence[]): StepPart[] {
    const wanted = group.map((sequence) => ({
      pending: sequence.pending,
      decoding: sequence.generated > 0 && sequence.pending <= DECODE_PENDING_MAX,
      drafts: 0,
      priority: sequence.job.request.priority,
      passedOver: sequence.passedOver,
      arrival: sequence.job.arrival,
      everyLogit: sequence.wantsPromptLogprobs,
    }));
    const decodeRows = wanted.reduce((sum, { decoding, pending }) => sum + (decoding ? pending : 0), 0);
    const rowsMax = Math.min(this.#limits.batchTokensMax, this.#cache.cellsFree);
    // Too few cells for the decodes: somebody has to go, or everybody would crawl.
    if (rowsMax < Math.min(decodeRows, this.#limits.batchTokensMax)) return [];
    const planned = planRows(wanted, {
      rowsMax,
      prefillRowsMax: this.#prefillRowsMax(decodeRows),
      logitRowsMax: this.#policy.logitRowsMax,
    });
    return collectParts(group, planned);
  }

  /** Prompt rows for this step: all the batch allows, or what keeps the step near its target while others decode. */
  #prefillRowsMax(decodeRows: number): number {
    const { prefillTokensMax, prefillTokensMin, stepTargetMs } = this.#policy;
    if (decodeRows === 0) return prefillTokensMax;
    const estimate = this.cost.estimate();
    if (estimate === null || estimate.rowMs === 0) return prefillTokensMax;
    const rows = Math.floor((stepTargetMs - estimate.baseMs) / estimate.rowMs) - decodeRows;
    return Math.min(prefillTokensMax, Math.max(prefillTokensMin, rows));
  }

  #hasRoom(sequence: Sequence): boolean {
    if (this.running.length === 0) return true;
    let promised = sequence.tokens.length + GROWTH_CELLS;
    for (const other of this.running) promised += other.pending + GROWTH_CELLS;
    return promised <= this.#cache.cellsFree;
  }
}

function collectParts(group: readonly Sequence[], planned: readonly RowsPlanned[]): StepPart[] {
  const parts: StepPart[] = [];
  group.forEach((sequence, place) => {
    const { rows } = planned[place]!;
    if (rows === 0) sequence.passedOver++;
    else {
      sequence.passedOver = 0;
      parts.push({ sequence, rows, drafts: [] });
    }
  });
  return parts;
}

/** Who is preempted: lowest priority, then latest arrival, then last choice. Never the only one. Pure. */
export function chooseVictim(running: readonly Sequence[]): Sequence | null {
  if (running.length < 2) return null;
  return running.reduce((victim, other) => {
    const order =
      other.job.request.priority - victim.job.request.priority ||
      victim.job.arrival - other.job.arrival ||
      victim.choice - other.choice;
    return order < 0 ? other : victim;
  });
}

function removeFrom(list: Sequence[], sequence: Sequence): void {
  const place = list.indexOf(sequence);
  if (place >= 0) list.splice(place, 1);
}
