import type { Fleet } from '../../capacity/fleet.ts';
import { Inventory } from '../../capacity/inventory.ts';
import type { ActiveReservation } from '../../capacity/plan-placement.ts';
import type { ObservedReplica } from '../../launch/launcher.ts';
import { type AutoscalePolicy, type LoadSample, planAutoscale } from '../autoscale/plan-autoscale.ts';
import type { DeploymentObservation, DesiredDeployment } from '../deployments/observation.ts';
import { countMissing, type DeploymentPlan, planDeployment } from '../deployments/plan.ts';

/** A deployment of a simulation, and who asks it for what. */
export interface SimulatedDeployment {
  readonly id: string;
  readonly account: string;
  readonly regions: readonly string[];
  readonly acceleratorType: string;
  readonly acceleratorCount: number;
  readonly min: number;
  readonly max: number;
  /** Beyond `max`, on revocable capacity. */
  readonly revocable?: number;
  readonly policy: AutoscalePolicy;
  /** Requests at once, at a time since the beginning. */
  load(elapsedMs: number): number;
}

interface Running extends SimulatedDeployment {
  requested: number | null;
  replicas: (ObservedReplica & { readyAtMs: number })[];
  samples: LoadSample[];
  state: DesiredDeployment['state'];
  generation: number;
}

/** What a deployment looks like at one moment. */
export interface Snapshot {
  readonly atMs: number;
  readonly deployment: string;
  readonly ready: number;
  readonly starting: number;
  readonly reason: string | null;
}

/**
 * The control plane's own plans (autoscaling, deployments, placement) on a fleet that is data, replicas that
 * are entries in a list and a clock that only `step` moves: the same input gives the same history.
 */
export class SimulatedPlane {
  readonly inventory: Inventory;
  readonly history: Snapshot[] = [];
  #nowMs = 0;
  #made = 0;
  readonly #deployments: Running[];
  readonly #slots: number;

  constructor(parts: {
    readonly fleet: Fleet;
    readonly deployments: readonly SimulatedDeployment[];
    reservationsAt(elapsedMs: number): readonly ActiveReservation[] | Promise<readonly ActiveReservation[]>;
    /** Requests that a replica runs at once. */
    readonly slots: number;
  }) {
    this.#slots = parts.slots;
    this.inventory = new Inventory({
      fleet: parts.fleet,
      now: () => this.#nowMs,
      readReservations: async () => parts.reservationsAt(this.#nowMs),
      readQuotas: async () => new Map(),
      readHoursSpent: async () => new Set(),
    });
    this.#deployments = parts.deployments.map((deployment) => ({
      ...deployment,
      requested: null,
      replicas: [],
      samples: [],
      state: 'starting',
      generation: 1,
    }));
  }

  /** Lets time pass, then looks at everything once: losses, load, and what to do. */
  async step(ms: number): Promise<void> {
    this.#nowMs += ms;
    const lost = new Set(this.inventory.takeLosses());
    for (const deployment of this.#deployments) {
      deployment.replicas = deployment.replicas
        .filter(({ id }) => !lost.has(id))
        .map((replica) =>
          replica.state === 'starting' && replica.readyAtMs <= this.#nowMs
            ? { ...replica, state: 'ready', readyTimeMs: replica.readyAtMs }
            : replica,
        );
      this.#autoscale(deployment);
      await this.#reconcile(deployment);
    }
  }

  /** Replicas that a deployment has now. */
  replicasOf(id: string): readonly ObservedReplica[] {
    return this.#deployments.find((deployment) => deployment.id === id)?.replicas ?? [];
  }

  #autoscale(deployment: Running): void {
    const { policy, min, max, revocable = 0 } = deployment;
    const concurrent = deployment.load(this.#nowMs);
    const oldestMs = this.#nowMs - 1.1 * Math.max(policy.scaleUpMs, policy.scaleDownMs, policy.scaleToZeroMs);
    const sample = {
      timeMs: this.#nowMs,
      concurrent,
      requestsPerSecond: concurrent,
      tokensGeneratedPerSecond: 0,
    };
    deployment.samples = [...deployment.samples.filter(({ timeMs }) => timeMs >= oldestMs), sample];
    const current = deployment.requested ?? Math.max(min, 1);
    const plan = planAutoscale({
      nowMs: this.#nowMs,
      current,
      min,
      max: max + revocable,
      slotsPerReplica: this.#slots,
      policy,
      samples: deployment.samples,
    });
    // A request that finds nobody wakes one replica, as the gateway does.
    const wanted = current === 0 && concurrent > 0 ? 1 : plan.replicas;
    if (wanted === deployment.requested) return;
    deployment.requested = wanted;
    deployment.generation += 1;
  }

  async #reconcile(deployment: Running): Promise<void> {
    const plan = planDeployment(await this.#observe(deployment));
    deployment.state = plan.state;
    for (const step of plan.steps) await this.#apply(deployment, step);
    const count = (state: string) => deployment.replicas.filter((replica) => replica.state === state).length;
    const { id, replicas } = deployment;
    if (replicas.some((replica) => replica.state === 'exited')) throw new Error('nothing exits here');
    const [ready, starting] = [count('ready'), count('starting')];
    this.history.push({ atMs: this.#nowMs, deployment: id, ready, starting, reason: plan.reason });
  }

  async #observe(running: Running): Promise<DeploymentObservation> {
    const { account, regions, acceleratorType, acceleratorCount } = running;
    const need = { account, regions, acceleratorType, acceleratorCount };
    const deployment: DesiredDeployment = {
      name: running.id,
      generation: running.generation,
      deleted: false,
      state: running.state,
      baseModel: 'm',
      draftModel: null,
      minReplicaCount: running.min,
      maxReplicaCount: running.max,
      revocableReplicaCount: running.revocable ?? 0,
      requestedReplicaCount: running.requested,
      need,
      engine: { runner: 'scripted', threads: 1, cells: 1, sequences: this.#slots, batchTokens: 1 },
      specKey: 'same',
    };
    const revocable = new Set(
      running.replicas.filter(({ id }) => this.inventory.placementOf(id)?.revocable).map(({ id }) => id),
    );
    const missing = countMissing(deployment, running.replicas, revocable);
    return {
      nowMs: this.#nowMs,
      deployment,
      weights: { state: 'not-needed' },
      weightsOf: 'm',
      draftPath: null,
      replicas: running.replicas,
      revocable,
      room: {
        firm: await this.inventory.preview({ ...need, isRevocable: false }, missing.firm),
        revocable: await this.inventory.preview({ ...need, isRevocable: true }, missing.revocable),
      },
    };
  }

  async #apply(deployment: Running, step: DeploymentPlan['steps'][number]): Promise<void> {
    if (step.kind === 'fetch-weights') return;
    if (step.kind !== 'launch') return this.#remove(step.replica);
    for (let index = 0; index < step.count; index++) {
      const { account, regions, acceleratorType, acceleratorCount } = deployment;
      const isRevocable = index >= step.count - step.revocable;
      const id = `r${++this.#made}`;
      const need = { account, regions, acceleratorType, acceleratorCount, isRevocable };
      const taken = await this.inventory.take(id, need);
      if (taken === null) return;
      for (const replica of taken.revoked) this.#remove(replica);
      deployment.replicas.push({
        id,
        deployment: deployment.id,
        generation: deployment.generation,
        specKey: 'same',
        address: { socketPath: id },
        pid: null,
        state: 'starting',
        launchTimeMs: this.#nowMs,
        readyTimeMs: null,
        readyAtMs: this.#nowMs + taken.placement.coldStartMs,
        exit: null,
      });
    }
  }

  #remove(replica: string): void {
    this.inventory.release(replica);
    for (const deployment of this.#deployments) {
      deployment.replicas = deployment.replicas.filter(({ id }) => id !== replica);
    }
  }
}
