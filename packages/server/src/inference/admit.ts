import { InferenceError } from '@sparkler/api';
import type { ServerContext } from '../http/context.ts';
import type { ReplicaLoad } from './choose-replica.ts';
import { canServe, planAdmission, type WaitReason } from './plan-admission.ts';
import type { DeploymentRoute, ReplicaRoute } from './routing.ts';

/** A running slot on one replica; release it exactly once (further calls do nothing). */
export interface Place {
  readonly replica: ReplicaRoute;
  release(): void;
}

export interface AdmissionRequest {
  readonly deployment: string;
  readonly account: string;
  readonly affinityKey: string | null;
  /** The addon that it runs with; null: the base model. */
  readonly adapter: string | null;
  /** Larger goes first. */
  readonly priority: number;
  /** Refuse with 429 rather than wait for a slot: the account is far over its rate limits. */
  readonly dropIfFull: boolean;
  /** Told when the request has to wait, and again when what it waits for changed. */
  onWait(waiting: Waiting): void;
}

/** Where a waiting request stands. */
export interface Waiting {
  readonly phase: WaitReason;
  /** 1: the next one. By arrival: priorities may let others pass. */
  readonly position: number;
  /** What the deployment is doing, for people; null when nothing is known. */
  readonly detail: string | null;
}

/**
 * How long a replica that refused a connection is left alone; its supervisor restarts it in about this time.
 */
const SUSPECT_MS = 1_000;
/** How often waiting requests look at the routing table. */
const POLL_MS = 25;
/** How often a sleeping deployment is asked for again while requests wait for it. */
const WAKE_EVERY_MS = 1_000;

interface Waiter {
  readonly request: AdmissionRequest;
  readonly sinceMs: number;
  reason: WaitReason;
  /** What the caller was told last. */
  told: string;
  resolve(place: Place): void;
  reject(error: InferenceError): void;
}

interface Gate {
  readonly running: Map<string, number>;
  readonly runningByAccount: Map<string, number>;
  readonly suspectUntilMs: Map<string, number>;
  readonly waiters: Waiter[];
  wokenMs: number;
}

/** Bounded queues in front of deployments, one a deployment, all in memory. */
export class Admissions {
  readonly #context: ServerContext;
  readonly #gates = new Map<string, Gate>();
  #timer: NodeJS.Timeout | null = null;

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /**
   * A place on a replica: at once, or after waiting for a free slot or for a sleeping deployment to start.
   * Rejects with 429 (queue full), 503 (nothing that could serve) or 408 (waited too long).
   * `withdraw` in the answer leaves the queue; the promise then rejects with the given error.
   */
  admit(request: AdmissionRequest): { place: Promise<Place>; withdraw(error: InferenceError): void } {
    const gate = this.#gateOf(request.deployment);
    const deferred = Promise.withResolvers<Place>();
    const sinceMs = this.#context.now();
    const waiter: Waiter = { request, sinceMs, reason: 'busy', told: '', ...deferred };
    // What waits for an addon to be loaded holds up nobody who wants another one.
    if (gate.waiters.length > 0) this.#drain(gate);
    const behind = gate.waiters.some((other) => other.request.adapter === request.adapter);
    if (!this.#advance(gate, waiter, behind)) this.#enqueue(gate, waiter);
    return {
      place: deferred.promise,
      withdraw: (error) => {
        const index = gate.waiters.indexOf(waiter);
        if (index < 0) return;
        gate.waiters.splice(index, 1);
        deferred.reject(error);
      },
    };
  }

  /** Leaves a replica alone for a moment after it refused a connection. */
  suspect(deployment: string, replica: string): void {
    this.#gateOf(deployment).suspectUntilMs.set(replica, this.#context.now() + SUSPECT_MS);
  }

  counts(): { running: number; waiting: number } {
    let running = 0;
    let waiting = 0;
    for (const gate of this.#gates.values()) {
      for (const count of gate.running.values()) running += count;
      waiting += gate.waiters.length;
    }
    return { running, waiting };
  }

  /** Requests running on and waiting for one deployment: what autoscaling looks at. */
  countsOf(deployment: string): { running: number; waiting: number } {
    const gate = this.#gates.get(deployment);
    if (gate === undefined) return { running: 0, waiting: 0 };
    let running = 0;
    for (const count of gate.running.values()) running += count;
    return { running, waiting: gate.waiters.length };
  }

  /** Refuses all that wait. */
  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
    for (const gate of this.#gates.values()) {
      for (const waiter of gate.waiters.splice(0)) {
        waiter.reject(
          new InferenceError(503, 'the server is shutting down; try again', { retryAfterSeconds: 5 }),
        );
      }
    }
  }

  #enqueue(gate: Gate, waiter: Waiter): void {
    if (waiter.request.dropIfFull && waiter.reason === 'busy') {
      const message =
        'your account is far over its guaranteed rate limits and the deployment is full; slow down';
      waiter.reject(new InferenceError(429, message, { retryAfterSeconds: 1 }));
      return;
    }
    const queueMax = this.#context.settings.queuedPerDeploymentMax;
    if (gate.waiters.length >= queueMax) {
      const message = `${waiter.request.deployment} is full: ${queueMax} requests wait already; try again in a moment`;
      waiter.reject(new InferenceError(429, message, { retryAfterSeconds: 1 }));
      return;
    }
    gate.waiters.push(waiter);
    this.#timer ??= setInterval(() => this.#poll(), POLL_MS);
    this.#tell(waiter, gate.waiters.length);
  }

  /** Lets a waiter run, fails it, or says (false) that it has to wait on. `behind`: others wait before it. */
  #advance(gate: Gate, waiter: Waiter, behind: boolean): boolean {
    const { settings, routing } = this.#context;
    const { request } = waiter;
    const deployment = routing.current().deployments.get(request.deployment);
    if (deployment === undefined) {
      waiter.reject(new InferenceError(503, `${request.deployment} was removed; use another deployment`));
      return true;
    }
    const loads = this.#loadsOf(gate, deployment, request.adapter);
    const plan = planAdmission(deployment, loads, request, settings.runningPerReplicaMax);
    if (plan.verb === 'refuse') {
      waiter.reject(plan.error);
      return true;
    }
    if (plan.verb === 'run') {
      if (behind) return false;
      waiter.resolve(this.#take(gate, request, plan.replica));
      return true;
    }
    waiter.reason = plan.reason;
    if (plan.reason === 'asleep') this.#wake(gate, deployment.name);
    return false;
  }

  /** Tells a waiter its place when it is new, and each phase of a start once. */
  #tell(waiter: Waiter, position: number): void {
    const phase = waiter.reason;
    const known = phase === 'busy' ? undefined : this.#context.routing.current().deployments;
    const detail = known?.get(waiter.request.deployment)?.reason ?? null;
    const news = `${phase} ${detail}`;
    if (news === waiter.told) return;
    waiter.told = news;
    waiter.request.onWait({ phase, position, detail });
  }

  #wake(gate: Gate, deployment: string): void {
    const nowMs = this.#context.now();
    if (nowMs - gate.wokenMs < WAKE_EVERY_MS) return;
    gate.wokenMs = nowMs;
    this.#context.wake(deployment);
  }

  /** Fails a waiter whose time is up, or says (false) that it may wait on. */
  #expire(waiter: Waiter): boolean {
    const { settings, routing, now } = this.#context;
    const waitedMs = now() - waiter.sinceMs;
    const name = waiter.request.deployment;
    const seconds = Math.round(waitedMs / 1000);
    if (waiter.reason === 'busy') {
      if (waitedMs < settings.requestTimeoutMs) return false;
      waiter.reject(errorOfFullDeployment(name));
      return true;
    }
    if (waitedMs < settings.wakeTimeoutMs) return false;
    const reason = routing.current().deployments.get(name)?.reason ?? null;
    const what = waiter.reason === 'loading its addon' ? waiter.reason : 'starting';
    const message = `${name} is still ${what} after ${seconds} s${reason === null ? '' : ` (${reason})`}; try again`;
    waiter.reject(new InferenceError(503, message, { retryAfterSeconds: 10 }));
    return true;
  }

  #poll(): void {
    let waiting = 0;
    for (const gate of this.#gates.values()) {
      const stuck = this.#drain(gate);
      for (let index = gate.waiters.length - 1; index >= 0; index--) {
        const waiter = gate.waiters[index]!;
        waiter.reason = stuck.get(waiter.request.adapter) ?? waiter.reason;
        if (this.#expire(waiter)) gate.waiters.splice(index, 1);
        else this.#tell(waiter, index + 1);
      }
      waiting += gate.waiters.length;
    }
    if (waiting > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Hands free slots to waiters until, for each addon, one has to wait on; returns for what. */
  #drain(gate: Gate): ReadonlyMap<string | null, WaitReason> {
    const stuck = new Map<string | null, WaitReason>();
    for (;;) {
      const index = pickWaiter(gate, stuck);
      const waiter = gate.waiters[index];
      if (waiter === undefined) return stuck;
      if (this.#advance(gate, waiter, false)) gate.waiters.splice(index, 1);
      else stuck.set(waiter.request.adapter, waiter.reason);
    }
  }

  #take(gate: Gate, request: AdmissionRequest, replica: ReplicaRoute): Place {
    add(gate.running, replica.id, 1);
    add(gate.runningByAccount, request.account, 1);
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      add(gate.running, replica.id, -1);
      add(gate.runningByAccount, request.account, -1);
      if (gate.waiters.length > 0) this.#drain(gate);
    };
    return { replica, release };
  }

  #loadsOf(gate: Gate, deployment: DeploymentRoute, adapter: string | null): ReplicaLoad[] {
    const loads: ReplicaLoad[] = [];
    for (const replica of deployment.replicas) {
      if (!canServe(replica, adapter)) continue;
      const untilMs = gate.suspectUntilMs.get(replica.id);
      if (untilMs !== undefined) {
        if (untilMs > this.#context.now()) continue;
        gate.suspectUntilMs.delete(replica.id);
      }
      loads.push({ replica, running: gate.running.get(replica.id) ?? 0 });
    }
    return loads;
  }

  #gateOf(deployment: string): Gate {
    let gate = this.#gates.get(deployment);
    if (gate === undefined) {
      const maps = { running: new Map(), runningByAccount: new Map(), suspectUntilMs: new Map() };
      gate = { ...maps, waiters: [], wokenMs: 0 };
      this.#gates.set(deployment, gate);
    }
    return gate;
  }
}

/**
 * Next in line: highest priority, then the account with the least running, then first come. -1: nobody but
 * those who want one of the addons in `stuck`.
 */
function pickWaiter(gate: Gate, stuck: ReadonlyMap<string | null, WaitReason>): number {
  let best = -1;
  for (let index = 0; index < gate.waiters.length; index++) {
    const a = gate.waiters[index]!.request;
    if (stuck.has(a.adapter)) continue;
    if (best < 0) {
      best = index;
      continue;
    }
    const b = gate.waiters[best]!.request;
    const running = (request: AdmissionRequest) => gate.runningByAccount.get(request.account) ?? 0;
    if (a.priority > b.priority || (a.priority === b.priority && running(a) < running(b))) best = index;
  }
  return best;
}

function add(counts: Map<string, number>, key: string, change: number): void {
  const count = (counts.get(key) ?? 0) + change;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

/** The time of a request ran out before there was room for it. */
export function errorOfFullDeployment(deployment: string): InferenceError {
  const message = `${deployment} had no free slot in the time a request may take; try again later`;
  return new InferenceError(408, message, { retryAfterSeconds: 5 });
}
