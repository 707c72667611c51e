import { ApiError } from '@sparkler/api';
import type { accounts } from '@sparkler/api/resources';
import { formatUsd } from '../ledger/money.ts';
import { declareGone, readGateways, type StoredGateway } from '../store/gateways.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

type GatewayHandlers = Required<Pick<HandlersOf<typeof accounts>, 'listGateways' | 'settleGateway'>>;

/** They speak every 5 seconds. */
const silentMs = 15_000;

/** Servers that hold parts of budgets. The one that leads settles for those that are gone. */
export function makeGatewayHandlers({ db, now }: ControlPlaneContext): GatewayHandlers {
  return {
    async listGateways() {
      const gateways = await readGateways(db);
      return { gateways: gateways.map((gateway) => describeGateway(gateway, now())) };
    },
    async settleGateway({ body: { gateway = '' } }) {
      const declared = await declareGone(db, gateway);
      if (declared === 'unknown') {
        throw new ApiError('NOT_FOUND', `there is no gateway '${gateway}'; see firectl list-gateways`);
      }
      if (declared === 'speaks') {
        const message = `the gateway '${gateway}' spoke a moment ago, so it is there: stop its server first`;
        throw new ApiError('FAILED_PRECONDITION', message);
      }
      const gateways = await readGateways(db);
      return describeGateway(gateways.find(({ node }) => node === gateway)!, now());
    },
  };
}

function describeGateway(gateway: StoredGateway, nowMs: number) {
  return {
    gateway: gateway.node,
    hostName: gateway.hostName,
    state: stateOf(gateway, nowMs),
    heldUsd: formatUsd(BigInt(gateway.heldNanos)),
    settledRequests: String(gateway.settledRequests),
    releasedUsd: formatUsd(BigInt(gateway.releasedNanos)),
    seenTime: gateway.seenTime.toISOString(),
    ...(gateway.goneTime === null ? {} : { goneTime: gateway.goneTime.toISOString() }),
  };
}

function stateOf(
  { seenTime, goneTime, settleTime }: StoredGateway,
  nowMs: number,
): 'SETTLED' | 'GONE' | 'SILENT' | 'SERVING' {
  if (settleTime !== null) return 'SETTLED';
  if (goneTime !== null) return 'GONE';
  return nowMs - seenTime.getTime() > silentMs ? 'SILENT' : 'SERVING';
}
