import { AdapterRegistry } from './adapter-registry.ts';
import { StepApplier } from './apply-step.ts';
import { SequenceCache } from './cache/sequence-cache.ts';
import type { EngineObserver } from './engine-observer.ts';
import { type EnginePolicy, resolvePolicy } from './engine-policy.ts';
import type {
  EndReason,
  EngineStatus,
  GenerationEngine,
  GenerationErrorCode,
  GenerationListener,
  GenerationRequest,
} from './generation.ts';
import { GenerationJob } from './generation-job.ts';
import type { LoadedAdapter, ModelRunner } from './model-runner.ts';
import { Admission, describeMissingAdapter } from './schedule/admission.ts';
import { FairQueue } from './schedule/fair-queue.ts';
import { Scheduler, type StepPart, type StepPlan } from './schedule/scheduler.ts';
import { isInSpaceOf, Sequence } from './sequence.ts';
import type { DraftModel } from './speculation/draft-model.ts';
import { Speculator } from './speculation/speculator.ts';
import { StepBatch } from './step-batch.ts';
import { StepTally } from './step-tally.ts';
import { deriveWindowTokens, findRequestProblem, type RequestProblem } from './validate-request.ts';

export interface EngineOptions {
  readonly runner: ModelRunner;
  readonly policy?: Partial<EnginePolicy>;
  readonly observer?: EngineObserver;
  /** Guesses tokens ahead for requests that allow it. */
  readonly draftModel?: DraftModel;
}

/**
 * Serves generation requests on one runner. One loop, three verbs: schedule (who runs how many tokens),
 * forward (one call of the runner), apply (sample, emit, end).
 */
export class Engine implements GenerationEngine {
  readonly #runner: ModelRunner;
  readonly #policy: EnginePolicy;
  readonly #observer: EngineObserver;
  readonly #cache: SequenceCache;
  readonly #queue = new FairQueue();
  readonly #scheduler: Scheduler;
  readonly #speculator: Speculator;
  readonly #batch: StepBatch;
  readonly #applier: StepApplier;
  readonly #adapters: AdapterRegistry;
  readonly #admission: Admission;
  /** Every request without its terminal event. */
  readonly #jobs = new Map<string, GenerationJob>();
  readonly #loop: Promise<void>;
  #arrivals = 0;
  #steps = 0;
  #stepsChecked = 0;
  #batchRows = 0;
  #state: 'open' | 'closing' | 'failed' = 'open';
  #wake: (() => void) | null = null;

  constructor(options: EngineOptions) {
    const { runner } = options;
    this.#runner = runner;
    this.#policy = resolvePolicy(runner.limits, options.policy);
    this.#observer = options.observer ?? {};
    this.#cache = new SequenceCache(runner, this.#policy);
    this.#scheduler = new Scheduler(this.#cache, this.#policy, runner.limits);
    this.#speculator = new Speculator(
      this.#policy,
      runner.limits.canTrimSequences,
      (rows) => this.#scheduler.estimateStepMs(rows),
      options.draftModel ?? null,
      (error) => this.#observer.onDraftFailure?.(error),
    );
    this.#batch = new StepBatch(runner.limits.batchTokensMax);
    this.#applier = new StepApplier(runner, this.#cache);
    this.#adapters = new AdapterRegistry(runner);
    this.#admission = new Admission({
      queue: this.#queue,
      scheduler: this.#scheduler,
      adapters: this.#adapters,
      windowTokens: deriveWindowTokens(runner.limits),
      refuse: (job, code, message) => this.#endJob(job, false, () => job.fail(code, message)),
    });
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

  /**
   * Loads an adapter, or a new version of it once requests of the old one ended. Rejects with AdapterError.
   */
  async loadAdapter(id: string, path: string): Promise<LoadedAdapter> {
    this.#requireOpen();
    const loaded = this.#adapters.load(id, path);
    this.#wakeUp();
    return await loaded;
  }

  /** Refuses new requests of the adapter, errors waiting ones, and frees it once running ones ended. */
  async unloadAdapter(id: string): Promise<void> {
    this.#requireOpen();
    const unloaded = this.#adapters.unload(id);
    this.#wakeUp();
    await unloaded;
  }

  status(): EngineStatus {
    return {
      running: this.#scheduler.running.length,
      waiting: this.#queue.size + this.#scheduler.paused.length,
      queueMax: this.#policy.queueMax,
      cellsUsed: this.#cache.cellsUsed,
      cellsMax: this.#runner.limits.cellsMax,
      batchRows: this.#batchRows,
      adapters: this.#adapters.ids,
      steps: this.#steps,
    };
  }

  /**
   * Everything that is wrong with the engine's bookkeeping; empty if nothing is. Also run whenever it falls
   * idle.
   */
  checkIntegrity(): string[] {
    const { running, paused } = this.#scheduler;
    const problems = this.#cache.findProblems(running);
    for (const { job, slot } of [...running, ...paused]) {
      if (job.ended) problems.push(`a sequence of the ended request ${job.request.id} is scheduled`);
      if (paused.some((sequence) => sequence.job === job && sequence.slot === slot && slot >= 0)) {
        problems.push(`a paused sequence of request ${job.request.id} has slot ${slot}`);
      }
    }
    return problems;
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
    this.#adapters.cancelChanges('the engine was closed.');
  }

  #requireOpen(): void {
    if (this.#state !== 'open') throw new Error(`The engine is ${this.#state}; adapters cannot be changed.`);
  }

  #findProblem(request: GenerationRequest): RequestProblem | null {
    const refuse = (code: GenerationErrorCode, message: string): RequestProblem => ({ code, message });
    if (this.#state === 'failed') {
      return refuse('internal', 'The model runner failed; this engine process has to be replaced.');
    }
    if (this.#state === 'closing') {
      return refuse('closing', 'The engine is shutting down; send the request to another replica.');
    }
    if (this.#jobs.has(request.id)) {
      return refuse('invalid-request', `Request id ${request.id} is in use; every request needs its own.`);
    }
    const problem = findRequestProblem(request, this.#runner.limits);
    if (problem !== null) return problem;
    if (request.adapter !== null && !this.#adapters.isServed(request.adapter)) {
      return refuse('adapter-missing', describeMissingAdapter(request.adapter));
    }
    if (this.#queue.size >= this.#policy.queueMax) {
      return refuse('queue-full', `${this.#queue.size} requests are waiting already; try again later.`);
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
        if (this.#adapters.hasChanges) await this.#changeAdapters();
        const tally = new StepTally();
        this.#admission.admitWaiting();
        const plan = await this.#schedule();
        tally.markScheduled();
        if (plan === null) await this.#waitForWork();
        else await this.#step(plan, tally);
      }
    } catch (error) {
      this.#failAll(error);
    }
  }

  async #waitForWork(): Promise<void> {
    if (this.#state === 'open' && this.#jobs.size === 0 && !this.#adapters.hasChanges) {
      this.#checkWhenIdle();
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
    // Requests that arrive in the same tick start together.
    await new Promise((continueLoop) => setImmediate(continueLoop));
  }

  #checkWhenIdle(): void {
    this.#queue.forgetTenants();
    this.#cache.forgetFull();
    if (this.#stepsChecked === this.#steps) return;
    this.#stepsChecked = this.#steps;
    const problems = this.checkIntegrity();
    if (problems.length === 0) return;
    this.#cache.reset();
    this.#observer.onIntegrityProblem?.(problems);
  }

  async #changeAdapters(): Promise<void> {
    const { running, paused } = this.#scheduler;
    await this.#adapters.applyChanges(
      (id) => [...running, ...paused].some(({ adapter }) => adapter?.id === id),
      (gone) => this.#cache.forget((space) => isInSpaceOf(space, gone)),
    );
  }

  async #schedule(): Promise<StepPlan | null> {
    for (;;) {
      const group = this.#scheduler.nextGroup();
      if (group === null) return null;
      const drafting = this.#speculator.propose(group.sequences);
      if (drafting !== null) await drafting;
      const plan = this.#scheduler.planStep(group);
      if (plan !== null) return plan;
      if (this.#scheduler.preemptLeastUrgent() === null) this.#endTooLarge(group.sequences[0]!.job);
    }
  }

  async #step(plan: StepPlan, tally: StepTally): Promise<void> {
    const batch = this.#batch.fill(plan);
    const result = await this.#runner.forward(batch);
    if (result.status === 'cache-full') {
      // The runner has fewer free cells than its limits say (it may need some itself): plan anew with fewer.
      this.#cache.learnFull(batch.rows);
      return;
    }
    this.#steps++;
    this.#batchRows = batch.rows;
    this.#scheduler.learnStep(batch.rows, result.forwardMs, result.workMs ?? result.forwardMs);
    tally.rows = batch.rows;
    tally.forwardMs = result.forwardMs;
    this.#apply(plan, tally);
    this.#observer.onStep?.(this.#record(plan, tally));
  }

  #endTooLarge(job: GenerationJob): void {
    const message = 'The KV cache cannot hold this request even alone; shorten it or use a larger cache.';
    this.#endJob(job, false, () => job.fail('cache-too-small', message));
  }

  #apply(plan: StepPlan, tally: StepTally): void {
    let row = 0;
    for (const part of plan.parts) {
      const { sequence, rows, drafts } = part;
      this.#queue.charge(sequence.job, rows);
      if (sequence.generated === 0) tally.prefillRows += rows;
      else tally.decodeRows += rows;
      tally.draftRows += drafts.length;
      if (!sequence.job.ended) this.#applyPart(part, row, plan, tally);
      row += rows + drafts.length;
    }
  }

  #applyPart(part: StepPart, row: number, plan: StepPlan, tally: StepTally): void {
    const { sequence, drafts } = part;
    const { job } = sequence;
    const start = performance.now();
    try {
      const outcome = this.#applier.apply(part, row, (lastRow) => this.#onPrompt(sequence, lastRow, tally));
      this.#speculator.learn(sequence, drafts.length, outcome.draftsAccepted, tally.rows, plan.parts.length);
      job.counters.steps++;
      if (sequence.draftSource !== 'forced') {
        job.counters.draftTokens += drafts.length;
        job.counters.draftTokensAccepted += outcome.draftsAccepted;
      }
      tally.generatedTokens += outcome.generated;
      tally.draftRowsAccepted += outcome.draftsAccepted;
      if (outcome.end !== null) this.#endChoice(sequence, outcome.end);
    } catch (error) {
      this.#failJob(job, error);
    }
    const maskMs = this.#applier.takeMaskMs();
    const sampleMs = performance.now() - start - maskMs;
    job.counters.maskMs += maskMs;
    job.counters.sampleMs += sampleMs;
    tally.maskMs += maskMs;
    tally.sampleMs += sampleMs;
  }

  /** A prompt is computed: the other choices share it and take their first token from the same row. */
  #onPrompt(source: Sequence, row: number, tally: StepTally): void {
    const { job } = source;
    job.sendPrompt();
    if (source.choice > 0 || job.choicesStarted) return;
    job.choicesStarted = true;
    for (let choice = 1; choice < job.request.choices; choice++) {
      const sequence = new Sequence(job, choice, source.adapter, source.windowTokens);
      if (!this.#scheduler.fork(source, sequence)) continue;
      const { end, generated } = this.#applier.sample(sequence, row, []);
      tally.generatedTokens += generated;
      if (end !== null) this.#endChoice(sequence, end);
    }
  }

  #endChoice(sequence: Sequence, reason: EndReason): void {
    const { job, choice } = sequence;
    this.#scheduler.retire(sequence, true);
    this.#speculator.forget(sequence);
    job.emit({ type: 'choice-end', choice, reason });
    job.choicesLeft--;
    if (job.choicesLeft === 0) this.#endJob(job, true, () => job.finish());
  }

  #endJob(job: GenerationJob, keep: boolean, sendEnd: () => void): void {
    this.#jobs.delete(job.request.id);
    this.#queue.leave(job);
    for (const sequence of this.#scheduler.retireJob(job, keep)) this.#speculator.forget(sequence);
    sendEnd();
  }

  #endAborted(): void {
    for (const job of this.#jobs.values()) {
      if (job.aborted) this.#endJob(job, true, () => job.abort());
    }
  }

  /** One request cannot go on; the others can. Its cells may be half applied, so none of them is kept. */
  #failJob(job: GenerationJob, error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#endJob(job, false, () => job.fail('internal', `This request could not be continued: ${reason}`));
  }

  #failAll(error: unknown): void {
    this.#state = 'failed';
    for (const job of this.#jobs.values()) {
      job.fail('internal', 'The model runner failed while this request was in the engine; send it again.');
    }
    this.#jobs.clear();
    this.#adapters.cancelChanges('the model runner failed.');
    this.#observer.onFailure?.(error);
  }

  #record(plan: StepPlan, tally: StepTally) {
    return tally.finish({
      step: this.#steps,
      adapter: plan.adapter,
      batchRowsMax: this.#runner.limits.batchTokensMax,
      sequences: plan.parts.length,
      running: this.#scheduler.running.length,
      waiting: this.#queue.size + this.#scheduler.paused.length,
      cellsUsed: this.#cache.cellsUsed,
      cellsMax: this.#runner.limits.cellsMax,
      hostBytes: this.#cache.hostBytes,
      preemptions: this.#scheduler.preemptions,
      evictions: this.#cache.evictions,
      restores: this.#cache.restores,
    });
  }
}
