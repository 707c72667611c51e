import { setTimeout as sleep } from 'node:timers/promises';
import { planCost } from '../ledger/plan-cost.ts';
import { askReplicaUsage, ReplicaGoneError, type ReplicaUsage } from './ask-replica-usage.ts';
import { dialects } from './dialects/index.ts';
import type { UsageRecord } from './metering.ts';
import { type Bill, billOf, type OpenRequest } from './open-request.ts';
import { noTokens } from './token-counts.ts';

export interface RecoveredUsage {
  readonly usage: readonly UsageRecord[];
  /**
   * Those that no replica can tell anything of (any more): their room is free again, and nobody pays them.
   */
  readonly lost: readonly OpenRequest[];
}

export interface RecoveryTimes {
  /** Between two questions to one replica. */
  readonly pauseMs: number;
  /** For a replica that does not answer, or does not end a request whose gateway died. */
  readonly patienceMs: number;
}

const defaultTimes: RecoveryTimes = { pauseMs: 250, patienceMs: 10_000 };

/** Asks the replicas what the requests of a killed gateway used. Never rejects for a replica's sake. */
export async function recoverUsage(
  open: readonly OpenRequest[],
  times: RecoveryTimes = defaultTimes,
): Promise<RecoveredUsage> {
  const asked = open.filter(({ dialect }) => dialects.get(dialect)?.extension === true);
  const groups = Map.groupBy(asked, ({ address }) => JSON.stringify(address));
  const found = new Map<string, ReplicaUsage>();
  await Promise.all([...groups.values()].map((group) => askUntilKnown(group, found, times)));
  const isFound = ({ requestId }: OpenRequest) => found.has(requestId);
  return {
    usage: open.filter(isFound).map((request) => toUsage(billOf(request), found.get(request.requestId)!)),
    lost: open.filter((request) => !isFound(request)),
  };
}

/** Requests of one replica: until all have ended, it is gone, or patience is. */
async function askUntilKnown(
  group: readonly OpenRequest[],
  found: Map<string, ReplicaUsage>,
  { pauseMs, patienceMs }: RecoveryTimes,
): Promise<void> {
  const { address } = group[0]!;
  const deadlineMs = performance.now() + patienceMs;
  /** What was unknown once may have been on its way to the replica; what is unknown twice is not there. */
  const missed = new Set<string>();
  let waiting = group.map(({ requestId }) => requestId);
  for (;;) {
    try {
      const told = await askReplicaUsage(address, waiting);
      for (const [id, used] of told) if (used.state !== 'running') found.set(id, used);
      waiting = waiting.filter((id) => {
        if (told.has(id)) return told.get(id)!.state === 'running';
        if (missed.has(id)) return false;
        missed.add(id);
        return true;
      });
    } catch (error) {
      if (error instanceof ReplicaGoneError) return;
    }
    if (waiting.length === 0 || performance.now() > deadlineMs) return;
    await sleep(pauseMs);
  }
}

/** The callers saw their connection break. A request that failed in the replica costs nothing. */
export function toUsage(bill: Bill, { state, tokens, durationMs }: ReplicaUsage): UsageRecord {
  const { prices, period, ...facts } = bill;
  const used = state === 'error' ? noTokens : tokens;
  return {
    ...facts,
    ...used,
    status: 500,
    firstTokenMs: null,
    durationMs,
    ...(period === undefined ? {} : { period, costNanos: prices === null ? 0 : planCost(prices, used) }),
  };
}
