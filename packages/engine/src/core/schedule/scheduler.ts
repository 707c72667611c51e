import { type PrefixOffer, WORTHWHILE_TOKENS } from '../cache/prefix-offer.ts';
import type { SequenceCache } from '../cache/sequence-cache.ts';
import type { EnginePolicy } from '../engine-policy.ts';
import type { GenerationJob } from '../generation-job.ts';
import type { RunnerLimits } from '../model-runner.ts';
import type { Sequence } from '../sequence.ts';
import { AdapterTurns } from './adapter-turns.ts';
import { planRows, type RowsWanted } from './plan-rows.ts';
import { StepCost } from './step-cost.ts';

/**
 * Cells kept free for each running sequence before another one is let in, so that decoding can go on for a
 * while.
 */
const GROWTH_CELLS = 16;
/** The same for one that comes back from preemption. */
const GROWTH_CELLS_RESUMED = 64;

/** Rows of one sequence in a step: pending tokens to compute, and drafts behind them to verify. */
export interface StepPart {
  readonly sequence: Sequence;
  readonly rows: number;
  readonly drafts: readonly number[];
}

export interface StepPlan {
  readonly adapter: string | null;
  readonly parts: readonly StepPart[];
}

export interface StepGroup {
  readonly adapter: string | null;
  readonly sequences: readonly Sequence[];
}

/** `waits`: another sequence is computing a prefix it will share; it starts sooner if it starts later. */
export type AdmissionResult = 'admitted' | 'waits' | 'full';

/** Decides who runs: admission, the rows of each step, preemption. It never touches tensors or text. */
export class Scheduler {
  readonly running: Sequence[] = [];
  /** Preempted sequences and choices that wait for a slot; they go before requests that never started. */
  readonly paused: Sequence[] = [];
  preemptions = 0;
  /** What steps take, and what they would take on a machine of their own. */
  readonly #cost = new StepCost();
  readonly #work = new StepCost();
  readonly #cache: SequenceCache;
  readonly #policy: EnginePolicy;
  readonly #limits: RunnerLimits;
  readonly #turns: AdapterTurns;

  constructor(cache: SequenceCache, policy: EnginePolicy, limits: RunnerLimits) {
    this.#cache = cache;
    this.#policy = policy;
    this.#limits = limits;
    this.#turns = new AdapterTurns(policy.adapterTurnSteps, policy.stepTargetMs);
  }

  get hasSlot(): boolean {
    return this.running.length < this.#policy.runningMax;
  }

  /** Infinity if nothing runs. */
  lowestRunningPriority(): number {
    let lowest = Number.POSITIVE_INFINITY;
    for (const { job } of this.running) lowest = Math.min(lowest, job.request.priority);
    return lowest;
  }

  /** Lets a sequence run if there is a slot and room for it. */
  admit(sequence: Sequence): AdmissionResult {
    if (!this.hasSlot) return 'full';
    const offer = this.#cache.findPrefix(sequence);
    if (this.#isComputedElsewhere(sequence, offer)) return 'waits';
    if (!this.#hasRoom(sequence, offer)) return 'full';
    if (!this.#cache.open(sequence, offer)) return 'full';
    this.running.push(sequence);
    return 'admitted';
  }

  /** The same, preempting sequences of lower priority for it if there is no room. */
  admitOverLess(sequence: Sequence): AdmissionResult {
    let admission = this.admit(sequence);
    while (admission === 'full' && this.#preemptBelow(sequence.job.request.priority)) {
      admission = this.admit(sequence);
    }
    return admission;
  }

  /** Resumes paused sequences while there is room. False if some still wait: nobody new goes before them. */
  resume(): boolean {
    if (this.paused.length === 0) return true;
    for (const sequence of this.paused.toSorted(compareUrgency)) {
      if (this.admitOverLess(sequence) === 'full') return false;
      if (sequence.slot >= 0) removeFrom(this.paused, sequence);
    }
    return true;
  }

  /**
   * `target` starts with the cells of `source`; if there is no slot it waits for its turn. True if it runs.
   */
  fork(source: Sequence, target: Sequence): boolean {
    if (this.hasSlot && this.#cache.fork(source, target)) {
      this.running.push(target);
      return true;
    }
    this.paused.push(target);
    return false;
  }

  /** Ends a sequence's use of the engine. `keep`: what it computed stays as a cached prefix. */
  retire(sequence: Sequence, keep: boolean): void {
    removeFrom(this.running, sequence);
    removeFrom(this.paused, sequence);
    this.#cache.close(sequence, keep);
  }

  /** Ends all sequences of a request and returns them. */
  retireJob(job: GenerationJob, keep: boolean): Sequence[] {
    const ended = [...this.running, ...this.paused].filter((sequence) => sequence.job === job);
    for (const sequence of ended) this.retire(sequence, keep);
    return ended;
  }

  /** Who may run in this step: the sequences of one adapter. Null if nothing runs. */
  nextGroup(): StepGroup | null {
    if (this.running.length === 0) return null;
    const groups = new Set<string | null>();
    for (const sequence of this.running) groups.add(adapterOf(sequence));
    const adapter = this.#turns.next(groups);
    return { adapter, sequences: this.running.filter((sequence) => adapterOf(sequence) === adapter) };
  }

  /**
   * The rows of a step, drafts included. Null if cells are too short to go on: somebody has to be preempted.
   */
  planStep(group: StepGroup): StepPlan | null {
    const wanted = group.sequences.map(describeWanted);
    const { batchTokensMax } = this.#limits;
    const decodeRows = Math.min(batchTokensMax, sumPending(wanted, true));
    const prefillRowsMax = this.#prefillRowsMax(decodeRows);
    const prefillRows = Math.min(prefillRowsMax, sumPending(wanted, false));
    const cellsFree = this.#cache.reserve(Math.min(batchTokensMax, decodeRows + prefillRows));
    if (cellsFree < decodeRows) return null;
    const planned = planRows(wanted, {
      rowsMax: Math.min(batchTokensMax, cellsFree),
      prefillRowsMax,
      logitRowsMax: this.#policy.logitRowsMax,
    });
    const parts: StepPart[] = [];
    group.sequences.forEach((sequence, place) => {
      const { rows, drafts } = planned[place]!;
      sequence.passedOver = rows === 0 ? sequence.passedOver + 1 : 0;
      if (rows > 0) parts.push({ sequence, rows, drafts: sequence.drafts.slice(0, drafts) });
    });
    return parts.length === 0 ? null : { adapter: group.adapter, parts };
  }

  /** Makes room among those who run; null (and nothing changed) if only one is left. */
  preemptLeastUrgent(): Sequence | null {
    return this.running.length < 2 ? null : this.#preempt(chooseVictim(this.running)!);
  }

  #preemptBelow(priority: number): boolean {
    const victim = chooseVictim(this.running);
    if (victim === null || victim.job.request.priority >= priority) return false;
    this.#preempt(victim);
    return true;
  }

  #preempt(victim: Sequence): Sequence {
    this.preemptions++;
    removeFrom(this.running, victim);
    victim.wasPreempted = true;
    victim.drafts = [];
    // What it computed becomes the youngest cached prefix: evicted last, saved to host memory if it has to
    // go.
    this.#cache.close(victim, true);
    this.paused.push(victim);
    return victim;
  }

  /** What the planned step took. */
  learnStep(rows: number, forwardMs: number, workMs: number): void {
    this.#cost.learn(rows, forwardMs);
    this.#work.learn(rows, workMs);
    this.#turns.spend(forwardMs);
  }

  /**
   * Milliseconds that a step of so many rows should take on a machine of its own; null while nothing is
   * known. Whether drafts pay is a question of proportions, and waiting for a busy processor drowns them.
   */
  estimateStepMs(rows: number): number | null {
    return this.#work.estimate(rows);
  }

  /**
   * Prompt rows for this step: all the batch allows, or what keeps the step near its target while others
   * decode.
   */
  #prefillRowsMax(decodeRows: number): number {
    const { prefillTokensMax, prefillTokensMin, stepTargetMs } = this.#policy;
    // Decodes of other adapters wait for the end of this step as well.
    if (!this.running.some((sequence) => sequence.isDecoding)) return prefillTokensMax;
    let rows = prefillTokensMax;
    while (rows > prefillTokensMin && (this.#cost.estimate(decodeRows + rows) ?? 0) > stepTargetMs) {
      rows = Math.max(prefillTokensMin, Math.floor(rows * 0.8));
    }
    return rows;
  }

  /** Whether everybody's pending tokens and some growth fit beside what is pinned. Alone, everything fits. */
  #hasRoom(sequence: Sequence, offer: PrefixOffer | null): boolean {
    if (this.running.length === 0) return true;
    let cells = this.#cache.countPinned(this.running, offer);
    cells += sequence.tokens.length - (offer?.length ?? 0) + growthOf(sequence);
    for (const other of this.running) cells += other.pending + growthOf(other);
    return cells <= this.#cache.cellsMax;
  }

  /** Whether a running sequence will soon have computed more of this one's prompt than any cache has. */
  #isComputedElsewhere(sequence: Sequence, offer: PrefixOffer | null): boolean {
    if (!this.#limits.canTrimSequences) return false;
    const reusable = Math.min(this.#cache.reusableTokens(sequence), sequence.promptLength);
    const enough = (offer?.length ?? 0) + WORTHWHILE_TOKENS;
    if (reusable < enough) return false;
    return this.running.some((other) => {
      if (other.generated > 0 || other.cacheSpace !== sequence.cacheSpace) return false;
      const limit = Math.min(reusable, this.#cache.reusableTokens(other));
      return limit >= enough && countCommonTokens(sequence, other, limit) >= enough;
    });
  }
}

function describeWanted(sequence: Sequence): RowsWanted {
  return {
    pending: sequence.pending,
    decoding: sequence.isDecoding,
    drafts: sequence.drafts.length,
    priority: sequence.job.request.priority,
    passedOver: sequence.passedOver,
    arrival: sequence.job.arrival,
    everyLogit: sequence.needsEveryLogit,
  };
}

function sumPending(wanted: readonly RowsWanted[], decoding: boolean): number {
  return wanted.reduce((sum, row) => sum + (row.decoding === decoding ? row.pending : 0), 0);
}

function growthOf(sequence: Sequence): number {
  const growth = sequence.wasPreempted ? GROWTH_CELLS_RESUMED : GROWTH_CELLS;
  return Math.max(0, Math.min(growth, sequence.lengthMax - sequence.tokens.length));
}

function countCommonTokens(a: Sequence, b: Sequence, limit: number): number {
  const [aTokens, bTokens] = [a.tokens.array, b.tokens.array];
  let common = 0;
  while (common < limit && aTokens[common] === bTokens[common]) common++;
  return common;
}

function adapterOf(sequence: Sequence): string | null {
  return sequence.adapter?.id ?? null;
}

/** Highest priority first, then earliest arrival, then first choice. */
function compareUrgency(a: Sequence, b: Sequence): number {
  return (
    b.job.request.priority - a.job.request.priority || a.job.arrival - b.job.arrival || a.choice - b.choice
  );
}

/** Who is preempted first: the least urgent. Pure. */
export function chooseVictim(running: readonly Sequence[]): Sequence | null {
  return running.toSorted(compareUrgency).at(-1) ?? null;
}

function removeFrom(list: Sequence[], sequence: Sequence): void {
  const place = list.indexOf(sequence);
  if (place >= 0) list.splice(place, 1);
}
