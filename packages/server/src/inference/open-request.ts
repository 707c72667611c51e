import type { TokenPrices } from '../ledger/price-book.ts';
import type { SpendReservation } from '../ledger/spend-guard.ts';
import type { UsageRecord } from './metering.ts';
import type { PreparedCall } from './prepare-call.ts';
import type { ReplicaRoute } from './routing.ts';

/** A request that was handed to a replica: what its bill needs but for the token counts. Never holds text. */
export interface OpenRequest
  extends Pick<
    UsageRecord,
    | 'requestId'
    | 'account'
    | 'user'
    | 'apiKeyId'
    | 'model'
    | 'deployment'
    | 'endpoint'
    | 'startTimeMs'
    | 'period'
  > {
  /** Null: nothing is charged by the token. */
  readonly prices: TokenPrices | null;
  readonly dialect: string;
  readonly address: ReplicaRoute['address'];
}

/**
 * Requests under way, where a kill of this process does not take them along. Nothing here throws: a request
 * must not fail because its bill could be lost by a second misfortune.
 */
export interface RequestJournal {
  begin(request: OpenRequest): void;
  /** `metered`: its usage is recorded, and says by itself that it ended. Of unknown ids: nothing happens. */
  end(requestId: string, metered: boolean): void;
}

export function toOpenRequest(
  call: PreparedCall,
  replica: ReplicaRoute,
  reservation: SpendReservation | null,
  startTimeMs: number,
): OpenRequest {
  return {
    requestId: call.id,
    account: call.principal.account,
    user: call.principal.user,
    apiKeyId: call.principal.apiKeyId,
    model: call.target.model,
    deployment: call.target.deployment.name,
    endpoint: call.endpoint.name,
    startTimeMs,
    ...(reservation === null ? {} : { period: reservation.period }),
    prices: call.price?.prices ?? null,
    dialect: call.dialect.name,
    address: replica.address,
  };
}
