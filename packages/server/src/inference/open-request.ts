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
    | 'tokenClass'
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

/** Of a request, what an engine keeps of its bill for others than its gateway: all but where it runs. */
export type Bill = Omit<OpenRequest, 'dialect' | 'address'>;

export function billOf({ dialect: _dialect, address: _address, ...bill }: OpenRequest): Bill {
  return bill;
}

/** Headers that tell one of our own engines whose bill a request is on (docs/engine-protocol.md). */
export function encodeBill(gateway: string, request: OpenRequest): Record<string, string> {
  const bill = billOf(request);
  // Headers are Latin-1, and names of models may be anything.
  const text = JSON.stringify(bill).replaceAll(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { 'sparkler-gateway': gateway, 'sparkler-bill': text };
}

/** Whose call it is and what of, as every record of it says. */
export function describeCall(call: PreparedCall) {
  return {
    requestId: call.id,
    account: call.principal.account,
    user: call.principal.user,
    apiKeyId: call.principal.apiKeyId,
    model: call.target.model,
    deployment: call.target.deployment.name,
    endpoint: call.endpoint.name,
  };
}

export function toOpenRequest(
  call: PreparedCall,
  replica: ReplicaRoute,
  reservation: SpendReservation | null,
  startTimeMs: number,
): OpenRequest {
  return {
    ...describeCall(call),
    startTimeMs,
    ...(reservation === null ? {} : { period: reservation.period }),
    ...(call.rate === null ? {} : { tokenClass: call.rate.tokenClass }),
    prices: call.price?.prices ?? null,
    dialect: call.dialect.name,
    address: replica.address,
  };
}
