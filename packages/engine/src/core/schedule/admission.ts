import type { AdapterRegistry } from '../adapter-registry.ts';
import type { GenerationErrorCode } from '../generation.ts';
import type { GenerationJob } from '../generation-job.ts';
import type { LoadedAdapter } from '../model-runner.ts';
import { Sequence } from '../sequence.ts';
import type { FairQueue } from './fair-queue.ts';
import type { Scheduler } from './scheduler.ts';

export interface AdmissionParts {
  readonly queue: FairQueue;
  readonly scheduler: Scheduler;
  readonly adapters: AdapterRegistry;
  /** Prompt and output tokens of one sequence at most. */
  readonly windowTokens: number;
  /** Ends a waiting request that cannot start. */
  readonly refuse: (job: GenerationJob, code: GenerationErrorCode, message: string) => void;
}

/** From waiting to running: once a step, in the queue's order, as far as there is room. */
export class Admission {
  readonly #parts: AdmissionParts;

  constructor(parts: AdmissionParts) {
    this.#parts = parts;
  }

  admitWaiting(): void {
    const { queue, scheduler } = this.#parts;
    const resumed = scheduler.resume();
    if (queue.size > 0) {
      const mayPreempt = queue.highestPriority() > scheduler.lowestRunningPriority();
      if (mayPreempt || (resumed && scheduler.hasSlot)) this.#admitFromQueue();
    }
    queue.sendPositions();
  }

  #admitFromQueue(): void {
    const { queue, adapters, refuse } = this.#parts;
    for (const job of queue.order()) {
      const { adapter: id } = job.request;
      if (id !== null && !adapters.isServed(id)) {
        refuse(job, 'adapter-missing', describeMissingAdapter(id));
      } else if (id === null || !adapters.isChanging(id)) {
        if (!this.#start(job, id === null ? null : adapters.get(id))) return;
      }
    }
  }

  /** Starts a request if it can. False if there is no room, so that nobody behind it may start either. */
  #start(job: GenerationJob, adapter: LoadedAdapter | null): boolean {
    const { queue, scheduler } = this.#parts;
    const sequence = this.#prepare(job, adapter);
    if (sequence === null) return true;
    const admission = scheduler.admitOverLess(sequence);
    if (admission !== 'admitted') return admission === 'waits';
    queue.remove(job);
    job.start();
    job.cachedTokens = sequence.computed;
    return true;
  }

  /**
   * The first choice of a waiting request, made once. Null if it cannot be made; the request is ended then.
   */
  #prepare(job: GenerationJob, adapter: LoadedAdapter | null): Sequence | null {
    if (job.firstChoice !== null && job.firstChoice.adapter === adapter) return job.firstChoice;
    try {
      job.firstChoice = new Sequence(job, 0, adapter, this.#parts.windowTokens);
      return job.firstChoice;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#parts.refuse(job, 'internal', `The request's constraint could not be made: ${reason}`);
      return null;
    }
  }
}

export function describeMissingAdapter(id: string): string {
  return `Adapter ${id} is not loaded here; load it, then send the request again.`;
}
