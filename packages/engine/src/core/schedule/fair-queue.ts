import type { GenerationJob } from '../generation-job.ts';

/** Tokens of output that a waiting request is assumed to cost; the meter corrects it as they are produced. */
const EXPECTED_OUTPUT_TOKENS = 256;

/**
 * Requests that have not started. Priority first; among equals the tenant that was served least (rows computed for
 * it), its own requests in order of arrival: a tenant with a thousand requests delays another's first by one.
 */
export class FairQueue {
  readonly #jobs = new Set<GenerationJob>();
  /** Rows served per tenant, for tenants with work in the engine. */
  readonly #served = new Map<string, number>();
  #changed = false;

  get size(): number {
    return this.#jobs.size;
  }

  push(job: GenerationJob): void {
    this.#jobs.add(job);
    this.#changed = true;
    if (this.#served.has(job.request.tenant)) return;
    // A tenant that comes (back) starts level with the least served one: absence earns no credit.
    let least = Number.POSITIVE_INFINITY;
    for (const served of this.#served.values()) least = Math.min(least, served);
    this.#served.set(job.request.tenant, Number.isFinite(least) ? least : 0);
  }

  remove(job: GenerationJob): boolean {
    const removed = this.#jobs.delete(job);
    if (removed) this.#changed = true;
    return removed;
  }

  /** Counts rows computed for a tenant. */
  charge(tenant: string, rows: number): void {
    this.#served.set(tenant, (this.#served.get(tenant) ?? 0) + rows);
  }

  /** Forgets tenants without work, so that the meter stays as small as the load. */
  forgetIdleTenants(running: Iterable<GenerationJob>): void {
    const active = new Set<string>();
    for (const job of this.#jobs) active.add(job.request.tenant);
    for (const job of running) active.add(job.request.tenant);
    for (const tenant of this.#served.keys()) if (!active.has(tenant)) this.#served.delete(tenant);
  }

  /** The jobs in the order in which they will start if nothing else comes. */
  order(): GenerationJob[] {
    return planQueueOrder([...this.#jobs], this.#served);
  }

  jobs(): Iterable<GenerationJob> {
    return this.#jobs;
  }

  highestPriority(): number {
    let highest = Number.NEGATIVE_INFINITY;
    for (const job of this.#jobs) highest = Math.max(highest, job.request.priority);
    return highest;
  }

  /** Tells every waiting request its place if the queue changed. */
  sendPositions(): void {
    if (!this.#changed) return;
    this.#changed = false;
    this.order().forEach((job, position) => {
      job.sendQueuePosition(position);
    });
  }
}

/**
 * Order of waiting requests. Each gets a tag: what its tenant was served so far plus what its earlier requests will
 * cost; smaller tags first. Pure.
 */
export function planQueueOrder(
  jobs: readonly GenerationJob[],
  served: ReadonlyMap<string, number>,
): GenerationJob[] {
  const byArrival = [...jobs].sort(
    (a, b) => b.request.priority - a.request.priority || a.arrival - b.arrival,
  );
  const tags = new Map<GenerationJob, number>();
  const promised = new Map<string, number>();
  for (const job of byArrival) {
    const { tenant, promptTokens, maxTokens } = job.request;
    const tag = promised.get(tenant) ?? served.get(tenant) ?? 0;
    tags.set(job, tag);
    promised.set(tenant, tag + promptTokens.length + Math.min(maxTokens, EXPECTED_OUTPUT_TOKENS));
  }
  return byArrival.sort(
    (a, b) => b.request.priority - a.request.priority || tags.get(a)! - tags.get(b)! || a.arrival - b.arrival,
  );
}
