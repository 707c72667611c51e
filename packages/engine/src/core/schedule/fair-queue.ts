import type { GenerationJob } from '../generation-job.ts';

/** Tokens of output that a waiting request is assumed to cost; the meter corrects it as they are produced. */
const EXPECTED_OUTPUT_TOKENS = 256;

/**
 * Steps after which places are looked at anew although nobody came or went: what running requests are served
 * moves waiting ones too.
 */
const REVIEW_STEPS = 32;

interface Tenant {
  /** Rows computed for it. */
  served: number;
  /** Its requests in the engine, waiting or running. */
  requests: number;
}

/**
 * Requests that have not started. Priority first; among equals the tenant that was served least (rows
 * computed for it), its own requests in order of arrival: a tenant with a thousand requests delays another's
 * first by one.
 */
export class FairQueue {
  readonly #jobs = new Set<GenerationJob>();
  readonly #tenants = new Map<string, Tenant>();
  #changed = false;
  /** Steps since places were told. */
  #stepsSinceTold = 0;

  get size(): number {
    return this.#jobs.size;
  }

  push(job: GenerationJob): void {
    this.#jobs.add(job);
    this.#changed = true;
    const tenant = this.#tenantOf(job);
    // One that comes (back) starts level with the least served that is there: absence earns no credit.
    if (tenant.requests === 0) tenant.served = Math.max(tenant.served, this.#leastServed());
    tenant.requests++;
  }

  /** The request starts: it waits no longer, but is still in the engine. */
  remove(job: GenerationJob): void {
    if (this.#jobs.delete(job)) this.#changed = true;
  }

  /** The request ended, waiting or running. */
  leave(job: GenerationJob): void {
    this.remove(job);
    const tenant = this.#tenantOf(job);
    tenant.requests--;
    // What it was served matters only while it is more than what it would start with anyway.
    if (tenant.requests === 0 && tenant.served <= this.#leastServed()) {
      this.#tenants.delete(job.request.tenant);
    }
  }

  /** Counts rows computed for a request. */
  charge(job: GenerationJob, rows: number): void {
    this.#tenantOf(job).served += rows;
  }

  /** Forgets what tenants were served; call when nothing is waiting or running. */
  forgetTenants(): void {
    this.#tenants.clear();
  }

  /** The jobs in the order in which they will start if nothing else comes. */
  order(): GenerationJob[] {
    return planQueueOrder([...this.#jobs], (tenant) => this.#tenants.get(tenant)?.served ?? 0);
  }

  highestPriority(): number {
    let highest = Number.NEGATIVE_INFINITY;
    for (const job of this.#jobs) highest = Math.max(highest, job.request.priority);
    return highest;
  }

  /** Tells waiting requests their place where it changed. Call once a step. */
  sendPositions(): void {
    this.#stepsSinceTold++;
    if (!this.#changed && this.#stepsSinceTold < REVIEW_STEPS) return;
    this.#changed = false;
    this.#stepsSinceTold = 0;
    this.order().forEach((job, position) => {
      job.sendQueuePosition(position);
    });
  }

  #tenantOf(job: GenerationJob): Tenant {
    const { tenant: name } = job.request;
    let tenant = this.#tenants.get(name);
    if (tenant === undefined) {
      tenant = { served: 0, requests: 0 };
      this.#tenants.set(name, tenant);
    }
    return tenant;
  }

  /** Of tenants with requests; 0 if there are none. */
  #leastServed(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { served, requests } of this.#tenants.values()) {
      if (requests > 0) least = Math.min(least, served);
    }
    return Number.isFinite(least) ? least : 0;
  }
}

/**
 * Order of waiting requests. Each gets a tag: what its tenant was served so far plus what its earlier
 * requests will cost; smaller tags first. Pure.
 */
export function planQueueOrder(
  jobs: readonly GenerationJob[],
  servedOf: (tenant: string) => number,
): GenerationJob[] {
  const byArrival = [...jobs].sort(
    (a, b) => b.request.priority - a.request.priority || a.arrival - b.arrival,
  );
  const tags = new Map<GenerationJob, number>();
  const promised = new Map<string, number>();
  for (const job of byArrival) {
    const { tenant, promptTokens, maxTokens } = job.request;
    const tag = promised.get(tenant) ?? servedOf(tenant);
    tags.set(job, tag);
    promised.set(tenant, tag + promptTokens.length + Math.min(maxTokens, EXPECTED_OUTPUT_TOKENS));
  }
  return byArrival.sort(
    (a, b) => b.request.priority - a.request.priority || tags.get(a)! - tags.get(b)! || a.arrival - b.arrival,
  );
}
