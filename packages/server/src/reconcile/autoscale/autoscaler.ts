import { sql } from 'kysely';
import type { Database } from '../../store/database.ts';
import { readGatewayLoads } from '../../store/gateway-loads.ts';
import type { ReconcileQueue } from '../../store/reconcile-queue.ts';
import { type IntervalLoad, LoadTotals } from './load-totals.ts';
import { type LoadSample, planAutoscale, readPolicy } from './plan-autoscale.ts';

export interface AutoscalerParts {
  readonly db: Database;
  readonly queue: ReconcileQueue;
  /** Requests that one replica runs at once. */
  readonly slotsPerReplica: number;
  readonly now: () => number;
  /** Told of each change, for the log. */
  readonly onChange: (deployment: string, replicas: number, reason: string) => void;
}

interface ScalableRow {
  name: string;
  min_replica_count: number;
  max_replica_count: number;
  requested_replica_count: number | null;
  autoscaling_policy: Parameters<typeof readPolicy>[0];
}

/**
 * Watches the load of deployments that may scale, over all gateways of the database, and asks for more or
 * fewer replicas. One runs at a time: in the process that leads.
 */
export class Autoscaler {
  readonly #parts: AutoscalerParts;
  readonly #samples = new Map<string, LoadSample[]>();
  readonly #totals = new LoadTotals();
  #lastMs: number;

  constructor(parts: AutoscalerParts) {
    this.#parts = parts;
    this.#lastMs = parts.now();
  }

  /** One look at everything. Call it every few seconds. */
  async look(): Promise<void> {
    const { db, now } = this.#parts;
    const nowMs = now();
    const seconds = Math.max(0.001, (nowMs - this.#lastMs) / 1000);
    this.#lastMs = nowMs;
    const { rows } = await sql<ScalableRow>`
      select name, min_replica_count, requested_replica_count, autoscaling_policy,
        greatest(max_replica_count, (details ->> 'maxWithRevocableReplicaCount')::integer) as max_replica_count
      from deployments
      where delete_time is null and (min_replica_count < max_replica_count or min_replica_count = 0)`.execute(
      db,
    );
    const names = new Set(rows.map((row) => row.name));
    for (const known of this.#samples.keys()) if (!names.has(known)) this.#samples.delete(known);
    const loads = this.#totals.take(await readGatewayLoads(db, new Date(nowMs)));
    const nothing = { concurrent: 0, requests: 0, tokens: 0 };
    for (const row of rows) await this.#lookAt(row, loads.get(row.name) ?? nothing, nowMs, seconds);
  }

  async #lookAt(row: ScalableRow, load: IntervalLoad, nowMs: number, seconds: number): Promise<void> {
    const policy = readPolicy(row.autoscaling_policy);
    const sample = {
      timeMs: nowMs,
      concurrent: load.concurrent,
      requestsPerSecond: load.requests / seconds,
      tokensGeneratedPerSecond: load.tokens / seconds,
    };
    const oldestMs = nowMs - 1.1 * Math.max(policy.scaleUpMs, policy.scaleDownMs, policy.scaleToZeroMs);
    const samples = [...(this.#samples.get(row.name) ?? []), sample].filter(
      ({ timeMs }) => timeMs >= oldestMs,
    );
    this.#samples.set(row.name, samples);
    const current = row.requested_replica_count ?? Math.max(row.min_replica_count, 1);
    const plan = planAutoscale({
      nowMs,
      current,
      min: row.min_replica_count,
      max: row.max_replica_count,
      slotsPerReplica: this.#parts.slotsPerReplica,
      policy,
      samples,
    });
    if (plan.reason !== null && plan.replicas !== current) await this.#ask(row, plan.replicas, plan.reason);
  }

  /** Unless somebody else asked for another count meanwhile: then the next look sees that. */
  async #ask(row: ScalableRow, replicas: number, reason: string): Promise<void> {
    const { db, queue, onChange } = this.#parts;
    await db.transaction().execute(async (transaction) => {
      const { rows } = await sql<{ name: string }>`
        update deployments set requested_replica_count = ${replicas}, generation = generation + 1
        where name = ${row.name} and delete_time is null
          and requested_replica_count is not distinct from ${row.requested_replica_count} returning name`.execute(
        transaction,
      );
      if (rows.length === 0) return;
      await queue.request({ kind: 'deployment', name: row.name }, transaction);
      onChange(row.name, replicas, reason);
    });
  }
}
