import { recoverGatewayUsage } from '../inference/recover-gateway.ts';
import type { Database } from '../store/database.ts';
import {
  declareSilentGone,
  noteSettledRequests,
  readGateways,
  readReplicaAddresses,
  releaseGone,
  type StoredGateway,
} from '../store/gateways.ts';
import { findStoredRequests } from '../store/open-requests.ts';
import { settleUsage, toCostly } from '../store/settle-usage.ts';
import { storeRecords } from '../store/usage-sink.ts';
import { countDayTokens, forgetRateLoans } from './count-day-tokens.ts';

export interface GatewayWatchParts {
  readonly db: Database;
  /** A gateway that was silent for so long, while we looked, is gone for good. */
  readonly goneAfterMs: number;
  /** Milliseconds of a clock that never jumps. */
  readonly nowMs: () => number;
  readonly onProblem: (text: string, error?: Error) => void;
  readonly onSettled: (
    gateway: string,
    settled: { readonly requests: number; readonly nanos: number },
  ) => void;
}

/** What was seen of a gateway: its last sign of life, and since when there was no newer one. */
interface Sight {
  readonly seenTimeMs: number;
  readonly sinceMs: number;
}

/** Looks further apart than this say nothing of the time between: the database may have been away. */
const gapMs = 60_000;
/** An engine that does not answer, or goes on with a request of nobody, holds up the rest for so long. */
const patienceMs = 3_600_000;

/**
 * Settles for gateways that are gone for good: requests as the engines remember them, and what the gateway
 * held beyond goes back to its accounts. Whoever runs the engines calls `look` every few seconds.
 */
export function createGatewayWatch(parts: GatewayWatchParts): { look(): Promise<void> } {
  const { db, goneAfterMs, nowMs } = parts;
  let sights: ReadonlyMap<string, Sight> = new Map();
  let lookedMs = 0;
  return {
    async look() {
      const gateways = await readGateways(db);
      sights = planSights(nowMs() - lookedMs > gapMs ? new Map() : sights, gateways, nowMs());
      lookedMs = nowMs();
      for (const { node, seenTime, goneTime } of gateways) {
        if (goneTime !== null || nowMs() - sights.get(node)!.sinceMs < goneAfterMs) continue;
        await declareSilentGone(db, node, seenTime);
      }
      for (const gateway of await readGateways(db)) {
        if (gateway.goneTime !== null && gateway.settleTime === null) await settleGone(parts, gateway);
      }
    },
  };
}

/** Times of signs are only compared with each other: whose clock they are by does not matter. */
function planSights(
  before: ReadonlyMap<string, Sight>,
  gateways: readonly StoredGateway[],
  nowMs: number,
): Map<string, Sight> {
  return new Map(
    gateways.map(({ node, seenTime }) => {
      const known = before.get(node);
      const isSame = known?.seenTimeMs === seenTime.getTime();
      return [node, isSame ? known : { seenTimeMs: seenTime.getTime(), sinceMs: nowMs }];
    }),
  );
}

/**
 * Rows are keyed by request id and its leases go back once no engine has more to tell, so a gateway that
 * comes back at any moment finds each request settled, or settles it itself.
 */
async function settleGone(parts: GatewayWatchParts, gateway: StoredGateway): Promise<void> {
  const { db, onProblem, onSettled } = parts;
  const { node } = gateway;
  const engines = await readReplicaAddresses(db);
  const { usage, isComplete } = await recoverGatewayUsage(node, engines, (ids) =>
    findStoredRequests(db, ids),
  );
  await storeRecords(db, usage, {
    onProblem,
    afterInsert: async (transaction, stored) => {
      await settleUsage(transaction, node, stored.map(toCostly));
      await countDayTokens(transaction, node, stored);
      await noteSettledRequests(transaction, node, stored.length);
    },
  });
  if (!isComplete && Date.now() - gateway.goneTime!.getTime() < patienceMs) return;
  const nanos = await releaseGone(db, node, (transaction) => forgetRateLoans(transaction, node));
  if (nanos === null) return;
  const after = (await readGateways(db)).find((other) => other.node === node);
  onSettled(node, { requests: after?.settledRequests ?? 0, nanos });
}
