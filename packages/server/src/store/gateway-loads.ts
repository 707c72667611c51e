import { sql } from 'kysely';
import type { DatabaseOrTransaction } from './database.ts';

/** What one gateway was asked for, for one deployment. */
export interface GatewayLoad {
  readonly deployment: string;
  /** Requests running and waiting now. */
  readonly concurrent: number;
  /** Since the gateway started. */
  readonly requests: number;
  readonly tokens: number;
}

/** A gateway that said nothing for this long is gone, and nothing runs on it. */
export const silentMs = 15_000;
/** Longer than a deployment may be unused: what was last asked for stays known for as long as it matters. */
const keptMs = 14 * 24 * 3_600_000;

/** Tells what a gateway was asked for. `isActive`: asked for something since the last time. */
export async function writeGatewayLoads(
  db: DatabaseOrTransaction,
  gateway: string,
  loads: readonly (GatewayLoad & { readonly isActive: boolean })[],
  now: Date,
): Promise<void> {
  for (const { deployment, concurrent, requests, tokens, isActive } of loads) {
    await sql`
      insert into gateway_loads (gateway, deployment, concurrent, requests, tokens, last_request_time, seen_time)
      values (${gateway}, ${deployment}, ${concurrent}, ${requests}, ${tokens}, ${now}, ${now})
      on conflict (gateway, deployment) do update set concurrent = excluded.concurrent,
        requests = excluded.requests, tokens = excluded.tokens, seen_time = excluded.seen_time,
        last_request_time = case when ${isActive}::boolean then excluded.last_request_time
          else gateway_loads.last_request_time end`.execute(db);
  }
}

export interface SeenGatewayLoad extends GatewayLoad {
  readonly gateway: string;
}

/** The loads of all gateways; of silent ones nothing runs. Forgets those that are gone for good. */
export async function readGatewayLoads(db: DatabaseOrTransaction, now: Date): Promise<SeenGatewayLoad[]> {
  const silentSince = new Date(now.getTime() - silentMs);
  await sql`delete from gateway_loads where seen_time < ${new Date(now.getTime() - keptMs)}`.execute(db);
  const { rows } = await sql<SeenGatewayLoad>`
    select gateway, deployment, requests, tokens,
      case when seen_time < ${silentSince} then 0 else concurrent end as concurrent
    from gateway_loads`.execute(db);
  return rows;
}
