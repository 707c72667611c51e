import { StepApplier } from './apply-step.ts';
import { SequenceCache } from './cache/sequence-cache.ts';
import type { EngineObserver } from './engine-observer.ts';
import { type EnginePolicy, resolvePolicy } from './engine-policy.ts';
import type { EngineStatus, GenerationEngine, GenerationListener, GenerationRequest } from './generation.ts';
import { GenerationJob } from './generation-job.ts';
import type { LoadedAdapter, ModelRunner } from './model-runner.ts';
import { FairQueue } from './schedule/fair-queue.ts';
import { Scheduler, type StepPlan } from './schedule/scheduler.ts';
import { Sequence } from './sequence.ts';
import { StepBatch } from './step-batch.ts';
import { deriveWindowTokens, findRequestProblem } from './validate-request.ts';

export interface EngineOptions {
  readonly runner: ModelRunner;
  readonly policy?: Partial<EnginePolicy>;
  readonly observer?: EngineObserver;
}

/**
 * Serves generation requests on one runner. One loop, three verbs: schedule (who runs how many tokens), forward (one
 * call of the runner), apply (sample, emit, end).
 */
export class Engine implements GenerationEngine {
  readonly #runner: ModelRunner;
  readonly #policy: EnginePolicy;
  readonly #observer: EngineObserver;
  readonly #cache: SequenceCache;
  readonly #scheduler: Scheduler;
  readonly #queue = new FairQueue();
  readonly #batch: StepBatch;
  readonly #applier: StepApplier;
  /** Every request without its terminal event. */
  readonly #jobs = new Map<string, GenerationJob>();
  readonly #adapters = new Map<string, LoadedAdapter>();
  readonly #loop: Promise<void>;
  #arrivals = 0;
  #steps = 0;
  #batchRows = 0;
  #state: 'open' | 'closing' | 'failed' = 'open';
  #wake: (() => void) | null = null;

  constructor(options: EngineOptions) {
    this.#runner = options.runner;
    this.#policy = resolvePolicy(options.runner.limits, options.policy);
    this.#observer = options.observer ?? {};
    this.#cache = new SequenceCache(options.runner);
    this.#scheduler = new Scheduler(this.#cache, this.#policy, options.runner.limits);
    this.#batch = new StepBatch(options.runner.limits.batchTokensMax);
    this.#applier = new StepApplier(options.runner, this.#cache);
    this.#loop = this.#run();
  }

  submit(request: GenerationRequest, listener: GenerationListener): void {
    const job = new GenerationJob(request, listener, this.#arrivals++, this.#observer);
    const problem = this.#findProblem(request);
    if (problem !== null) {
      setImmediate(() => job.fail(problem.code, problem.message));
      return;
    }
    this.#jobs.set(request.id, job);
    this.#queue.push(job);
    this.#wakeUp();
  }

  abort(id: string): void {
    const job = this.#jobs.get(id);
    if (job === undefined) return;
    job.aborted = true;
    this.#wakeUp();
  }

  status(): EngineStatus {
    return {
      running: this.#scheduler.running.length,
      waiting: this.#queue.size + this.#scheduler.paused.length,
      queueMax: this.#policy.queueMax,
      cellsUsed: this.#cache.cellsUsed,
      cellsMax: this.#runner.limits.cellsMax,
      batchRows: this.#batchRows,
      adapters: [...this.#adapters.keys()],
      steps: this.#steps,
    };
  }

  async close(graceMs: number): Promise<void> {
    if (this.#state === 'open') this.#state = 'closing';
    this.#wakeUp();
    const timer = setTimeout(() => {
      for (const job of this.#jobs.values()) job.aborted = true;
      this.#wakeUp();
    }, graceMs);
    await this.#loop;
    clearTimeout(timer);
  }

  #findProblem(request: GenerationRequest) {
    if (this.#state === 'failed') {
      return {
        code: 'internal',
        message: 'The model runner failed; this engine process has to be replaced.',
      } as const;
    }
    if (this.#state === 'closing') {
      return {
        code: 'closing',
        message: 'The engine is shutting down; send the request to another replica.',
      } as const;
    }
    if (this.#jobs.has(request.id)) {
      return {
        code: 'invalid-request',
        message: `Request id ${request.id} is in use; ids must be unique.`,
      } as const;
    }
    const problem = findRequestProblem(request, this.#runner.limits);
    if (problem !== null) return problem;
    if (request.adapter !== null && !this.#adapters.has(request.adapter)) {
      return {
        code: 'adapter-missing',
        message: `Adapter ${request.adapter} is not loaded here; load it first.`,
      } as const;
    }
    if (this.#queue.size >= this.#policy.queueMax) {
      return {
        code: 'queue-full',
        message: `${this.#queue.size} requests wait already; try again later.`,
      } as const;
    }
    return null;
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = null;
  }

  async #run(): Promise<void> {
    try {
      while (this.#state === 'open' || this.#jobs.size > 0) {
        this.#endAborted();
        this.#admit();
        const plan = this.#scheduler.plan();
        if (plan === null) await this.#waitForWork();
        else await this.#step(plan);
      }
    } catch (error) {
      this.#failAll(error);
    }
  }

  async #waitForWork(): Promise<void> {
    if (this.#jobs.size > 0 || this.#state !== 'open') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
    // Requests that arrive in the same tick start together.
    await new Promise((continueLoop) => setImmediate(continueLoop));
  }

  async #step(plan: StepPlan): Promise<void> {
    const batch = this.#batch.fill(plan);
    const result = await this.#runner.forward(batch);
    if (result.status === 'cache-full') {
      this.#handleCacheFull(plan);
      return;
    }
    this.#steps++;
    this.#batchRows = batch.rows;
    this.#scheduler.cost.learn(batch.rows, result.forwardMs);
    this.#apply(plan);
  }

  /** The runner has fewer free cells than the ledger says (it may need some for itself): make room and try again. */
  #handleCacheFull(plan: StepPlan): void {
    if (this.#scheduler.preemptOne() !== null) return;
    const { sequence } = plan.parts[0]!;
    this.#endJob(sequence.job, () => {
      sequence.job.fail(
        'cache-too-small',
        'The KV cache cannot hold this request even alone; use a larger cache.',
      );
    });
  }

  #apply(plan: StepPlan): void {
    let row = 0;
    for (const part of plan.parts) {
      const { sequence, rows, drafts } = part;
      const { job } = sequence;
      this.#queue.charge(job.request.tenant, rows);
      if (!job.ended && !job.aborted) {
        job.counters.steps++;
        const start = performance.now();
        const outcome = this.#applier.apply(part, row, (source, lastRow) => this.#fork(source, lastRow));
        job.counters.sampleMs += performance.now() - start;
        if (outcome.end !== null) this.#endChoice(sequence, outcome.end);
      }
      row += rows + drafts.length;
    }
  }

  /** The other choices of a request share the first one's prompt; those that find no slot wait for one. */
  #fork(source: Sequence, row: number): void {
    const { job } = source;
    for (let choice = 1; choice < job.request.choices; choice++) {
      const sequence = new Sequence(job, choice, source.adapter, source.windowTokens);
      if (!this.#scheduler.fork(source, sequence)) continue;
      const { end } = this.#applier.applyFork(sequence, row);
      if (end !== null) this.#endChoice(sequence, end);
    }
  }

  #endChoice(sequence: Sequence, reason: 'stop' | 'length'): void {
    const { job, choice } = sequence;
    this.#scheduler.retire(sequence);
    job.emit({ type: 'choice-end', choice, reason });
    job.choicesLeft--;
    if (job.choicesLeft === 0) this.#endJob(job, () => job.finish());
  }

  #endJob(job: GenerationJob, sendEnd: () => void): void {
    this.#jobs.delete(job.request.id);
    this.#queue.remove(job);
    this.#scheduler.retireJob(job);
    sendEnd();
  }

  #endAborted(): void {
    for (const job of this.#jobs.values()) {
      if (job.aborted) this.#endJob(job, () => job.abort());
    }
  }

  #admit(): void {
    const resumed = this.#scheduler.resume();
    if (resumed && this.#queue.size > 0 && this.#scheduler.hasSlot) {
      for (const job of this.#queue.order()) {
        if (!this.#start(job)) break;
      }
    }
    this.#queue.sendPositions();
  }

  #start(job: GenerationJob): boolean {
    const { request } = job;
    const adapter = request.adapter === null ? null : (this.#adapters.get(request.adapter) ?? null);
    let sequence: Sequence;
    try {
      sequence = new Sequence(job, 0, adapter, deriveWindowTokens(this.#runner.limits));
    } catch (error) {
      this.#endJob(job, () => job.fail('internal', `The constraint could not be made: ${String(error)}`));
      return true;
    }
    if (!this.#scheduler.admit(sequence)) return false;
    this.#queue.remove(job);
    job.start();
    return true;
  }

  #failAll(error: unknown): void {
    this.#state = 'failed';
    for (const job of this.#jobs.values()) {
      job.fail('internal', 'The model runner failed while this request was in the engine; send it again.');
    }
    this.#jobs.clear();
    this.#observer.onFailure?.(error);
  }
}
