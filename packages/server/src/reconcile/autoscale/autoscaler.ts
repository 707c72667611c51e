import type { Database } from '../../store/database.ts';
import { readGatewayLoads } from '../../store/gateway-loads.ts';
import { readLoadSamples, removeExpiredSamples, writeLoadSamples } from '../../store/load-samples.ts';
import type { ReconcileQueue } from '../../store/reconcile-queue.ts';
import {
  readScalableDeployments,
  requestReplicas,
  type ScalableDeployment,
} from '../../store/scalable-deployments.ts';
import { type IntervalLoad, LoadTotals } from './load-totals.ts';
import { type LoadSample, planAutoscale, readPolicy } from './plan-autoscale.ts';
import { takeUnbroken } from './take-unbroken.ts';

export interface AutoscalerParts {
  readonly db: Database;
  readonly queue: ReconcileQueue;
  /** Requests that one replica runs at once. */
  readonly slotsPerReplica: number;
  readonly now: () => number;
  /** Told of each change, for the log. */
  readonly onChange: (deployment: string, replicas: number, reason: string) => void;
}

type NewSample = Parameters<typeof writeLoadSamples>[1][number];

const nothing: IntervalLoad = { concurrent: 0, requests: 0, tokens: 0 };

/**
 * Watches the load of deployments that may scale, over all gateways of the database, and asks for more or
 * fewer replicas. One runs at a time: in the process that leads. What it saw is stored, so that the next
 * leader goes on from there; that one decides nothing until it has watched for a window of scaling up itself:
 * requests that waited out the change look like a peak.
 */
export class Autoscaler {
  readonly #parts: AutoscalerParts;
  #samples: Map<string, LoadSample[]> | null = null;
  readonly #totals = new LoadTotals();
  readonly #beginMs: number;
  #lastMs: number;

  constructor(parts: AutoscalerParts) {
    this.#parts = parts;
    this.#beginMs = parts.now();
    this.#lastMs = this.#beginMs;
  }

  /** One look at everything. Call it every few seconds. */
  async look(): Promise<void> {
    const { db, now } = this.#parts;
    const nowMs = now();
    const samples = await this.#restore(nowMs);
    const seconds = Math.max(0.001, (nowMs - this.#lastMs) / 1000);
    this.#lastMs = nowMs;
    const deployments = await readScalableDeployments(db);
    const names = new Set(deployments.map(({ name }) => name));
    for (const known of samples.keys()) if (!names.has(known)) samples.delete(known);
    const loads = this.#totals.take(await readGatewayLoads(db, new Date(nowMs)));
    const fresh: NewSample[] = [];
    for (const deployment of deployments) {
      const { name } = deployment;
      const sample = toSample(loads.get(name) ?? nothing, nowMs, seconds);
      const reachMs = 1.1 * longestWindow(deployment);
      const seen = [...(samples.get(name) ?? []), sample];
      samples.set(
        name,
        seen.filter(({ timeMs }) => timeMs >= nowMs - reachMs),
      );
      // One that sleeps is woken by a request, not by its load.
      if (countReplicas(deployment) > 0)
        fresh.push({ ...sample, deployment: name, expireMs: nowMs + reachMs });
    }
    await writeLoadSamples(db, fresh);
    await removeExpiredSamples(db, new Date(nowMs));
    for (const deployment of deployments)
      await this.#decide(deployment, samples.get(deployment.name)!, nowMs);
  }

  /** What the process that led before saw, up to a moment ago. */
  async #restore(nowMs: number): Promise<Map<string, LoadSample[]>> {
    if (this.#samples !== null) return this.#samples;
    const stored = Map.groupBy(
      await readLoadSamples(this.#parts.db, new Date(nowMs)),
      ({ deployment }) => deployment,
    );
    this.#samples = new Map([...stored].map(([name, samples]) => [name, takeUnbroken(samples, nowMs)]));
    return this.#samples;
  }

  async #decide(
    deployment: ScalableDeployment,
    samples: readonly LoadSample[],
    nowMs: number,
  ): Promise<void> {
    const { db, queue, slotsPerReplica, onChange } = this.#parts;
    const policy = readPolicy(deployment.autoscalingPolicy);
    if (nowMs - this.#beginMs < policy.scaleUpMs) return;
    const current = countReplicas(deployment);
    const { minReplicaCount: min, maxReplicaCount: max } = deployment;
    const plan = planAutoscale({ nowMs, current, min, max, slotsPerReplica, policy, samples });
    if (plan.reason === null || plan.replicas === current) return;
    // Unless somebody else asked for another count meanwhile: then the next look sees that.
    const isAsked = await requestReplicas(db, queue, deployment, plan.replicas);
    if (isAsked) onChange(deployment.name, plan.replicas, plan.reason);
  }
}

function countReplicas({ requestedReplicaCount, minReplicaCount }: ScalableDeployment): number {
  return requestedReplicaCount ?? Math.max(minReplicaCount, 1);
}

function longestWindow({ autoscalingPolicy }: ScalableDeployment): number {
  const { scaleUpMs, scaleDownMs, scaleToZeroMs } = readPolicy(autoscalingPolicy);
  return Math.max(scaleUpMs, scaleDownMs, scaleToZeroMs);
}

function toSample(load: IntervalLoad, nowMs: number, seconds: number): LoadSample {
  return {
    timeMs: nowMs,
    concurrent: load.concurrent,
    requestsPerSecond: load.requests / seconds,
    tokensGeneratedPerSecond: load.tokens / seconds,
  };
}
