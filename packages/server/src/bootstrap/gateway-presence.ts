import { hostname } from 'node:os';
import type { Logger } from 'pino';
import type { SpendLeases } from '../ledger/spend-leases.ts';
import type { Settings } from '../settings.ts';
import type { Database } from '../store/database.ts';
import { beatGateway, beginGateway, endGateway } from '../store/gateways.ts';
import { returnAllLeases } from '../store/spend-leases.ts';

/** How a gateway shows that it is there, and learns that others took it for gone. */
export interface GatewayPresence {
  begin(): Promise<void>;
  /** Shows itself. If it was taken for gone, its leases were lent again: it begins anew with none. */
  beat(leases: SpendLeases): Promise<void>;
  /**
   * Whether it was heard lately. When not, it stops spending what was lent to it, before others may do.
   */
  isHeard(): boolean;
  end(): Promise<void>;
}

export function createPresence(parts: {
  readonly settings: Settings;
  readonly db: Database;
  readonly gateway: string;
  readonly log: Logger;
}): GatewayPresence {
  const { settings, db, gateway, log } = parts;
  // Nobody takes it for gone before twice this time.
  const trustMs = settings.gatewayGoneAfterMs / 2;
  let heardMs = Number.NEGATIVE_INFINITY;
  const begin = async (): Promise<void> => {
    const startMs = performance.now();
    await beginGateway(db, gateway, hostname());
    heardMs = startMs;
  };
  return {
    begin,
    async beat(leases) {
      const startMs = performance.now();
      if (!(await beatGateway(db, gateway, hostname()))) {
        heardMs = startMs;
        return;
      }
      log.warn('this gateway was taken for gone, and what was lent to it was lent again: it begins anew');
      await leases.startAnew(async () => {
        await begin();
        await returnAllLeases(db, { gateway });
      });
    },
    isHeard: () => performance.now() - heardMs < trustMs,
    end: () => endGateway(db, gateway),
  };
}
