import {
  askReplicaUsage,
  askRequestsOfGateway,
  ReplicaGoneError,
  type ReplicaUsage,
} from './ask-replica-usage.ts';
import type { UsageRecord } from './metering.ts';
import type { Bill } from './open-request.ts';
import { toUsage } from './recover-usage.ts';
import type { ReplicaRoute } from './routing.ts';

export interface GatewayRecovery {
  readonly usage: readonly UsageRecord[];
  /** Every engine that is there was heard, and nothing of the gateway runs on any. */
  readonly isComplete: boolean;
}

/**
 * What engines know of the requests of a gateway that is gone: all that they remember, whether the gateway
 * ever heard of its end or not. `findStored` says which have a usage row. Never rejects for an engine's sake.
 */
export async function recoverGatewayUsage(
  gateway: string,
  engines: readonly ReplicaRoute['address'][],
  findStored: (ids: readonly string[]) => Promise<ReadonlySet<string>>,
): Promise<GatewayRecovery> {
  const found = new Map<string, ReplicaUsage>();
  let isComplete = true;
  const askEngine = async (address: ReplicaRoute['address']): Promise<void> => {
    const heard = await hear(async () => {
      const ids = await askRequestsOfGateway(address, gateway);
      const stored = await findStored(ids);
      return askReplicaUsage(
        address,
        ids.filter((id) => !stored.has(id)),
      );
    });
    if (heard === null) isComplete = false;
    for (const [id, used] of heard ?? []) {
      if (used.state === 'running') isComplete = false;
      else if (didMore(used, found.get(id))) found.set(id, used);
    }
  };
  await Promise.all(engines.map(askEngine));
  const usage = [...found].flatMap(([id, used]) => {
    const bill = parseBill(used.bill);
    return bill?.requestId === id ? [toUsage(bill, used)] : [];
  });
  return { usage, isComplete };
}

/** Null: it is there, and did not answer. An engine that is gone has nothing to say. */
async function hear(
  ask: () => Promise<ReadonlyMap<string, ReplicaUsage>>,
): Promise<ReadonlyMap<string, ReplicaUsage> | null> {
  try {
    return await ask();
  } catch (error) {
    return error instanceof ReplicaGoneError ? new Map() : null;
  }
}

/** A request that one engine turned away was given to another one. */
function didMore(used: ReplicaUsage, other: ReplicaUsage | undefined): boolean {
  if (other === undefined || other.state === 'error') return true;
  return used.state !== 'error' && used.tokens.completionTokens > other.tokens.completionTokens;
}

/** The gateway wrote it, and an engine of ours kept it: a version apart at most. Null: not ours. */
function parseBill(text: string | null): Bill | null {
  try {
    const bill = text === null ? null : (JSON.parse(text) as Bill);
    return typeof bill?.requestId === 'string' && typeof bill.account === 'string' ? bill : null;
  } catch {
    return null;
  }
}
