import { formatUsd } from './money.ts';
import {
  type LeaseSource,
  refuseSuspended,
  type SpendGuard,
  SpendRefusedError,
  type SpendReservation,
  type SpendStanding,
} from './spend-guard.ts';

/**
 * Asked for at once beyond what is needed: a few hundred requests of a small model, so that few asks are
 * made.
 */
const sliceNanos = 20_000_000;
/** A lease that nobody used for this long goes back, so that other gateways can spend near the limit. */
const idleMs = 10_000;

interface Lease {
  /** Granted by the source and not yet given back. */
  granted: number;
  /** Settled against it here. */
  spent: number;
  /** Reserved by requests that run. */
  reserved: number;
  /** Worst cost of requests that wait for room. */
  waiting: number;
  asking: Promise<boolean> | null;
  usedMs: number;
  /** Raised when all that was granted is given up: what was reserved before is of no account then. */
  epoch: number;
}

export interface SpendLeasesOptions {
  readonly source: LeaseSource;
  readonly standingOf: (account: string) => SpendStanding;
  readonly now: () => number;
  /**
   * False: the source may have given up on this process and lent the money to others. Nothing is spent then.
   * Left out: it never does.
   */
  readonly mayTrust?: () => boolean;
}

/**
 * Keeps spending within budgets with no database call a request: slices of each budget are leased ahead and
 * requests reserve their worst case out of them. What all processes hold and have spent never exceeds the
 * limit, since the source grants no more than what is left.
 */
export class SpendLeases implements SpendGuard {
  readonly #options: SpendLeasesOptions;
  readonly #leases = new Map<string, Lease>();
  /** While everything is given up, nobody asks for more. */
  #givingUp: Promise<void> | null = null;

  constructor(options: SpendLeasesOptions) {
    this.#options = options;
  }

  check(account: string): void {
    refuseSuspended(account, this.#options.standingOf(account).suspension);
  }

  reserve(account: string, worstNanos: number): SpendReservation | Promise<SpendReservation> {
    const { standingOf, now } = this.#options;
    const standing = standingOf(account);
    const period = periodOf(now());
    refuseSuspended(account, standing.suspension);
    const isFree = standing.monthlyLimitNanos === null && standing.creditOnly !== true;
    if (isFree || worstNanos === 0) return { period, settle: () => undefined };
    if (this.#options.mayTrust?.() === false) {
      throw new Error('nothing was heard of the database for minutes: budgets may be lent to others by now');
    }
    const lease = this.#leaseOf(account, period);
    lease.usedMs = now();
    if (roomOf(lease) >= worstNanos) return this.#take(lease, period, worstNanos, account);
    return this.#takeLater(account, period, lease, worstNanos);
  }

  /** Gives back leases that lie idle, and those of months gone by. Call it every few seconds. */
  async tidy(): Promise<void> {
    const { source, now } = this.#options;
    for (const [key, lease] of this.#leases) {
      const [account = '', period = ''] = key.split(' ');
      const isOver = period !== periodOf(now());
      if (lease.reserved > 0 || lease.asking !== null || (!isOver && now() - lease.usedMs < idleMs)) continue;
      const rest = roomOf(lease);
      this.#leases.delete(key);
      if (rest > 0) await source.giveBack(account, period, rest);
    }
  }

  /**
   * Gives up all that was granted: the source lent it to others, or is about to. `finish` ends it there;
   * until then nothing is granted anew.
   */
  async startAnew(finish: () => Promise<void>): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#forget();
    this.#givingUp = promise;
    try {
      // What these are still granted is given up too.
      await Promise.allSettled([...this.#leases.values()].map(({ asking }) => asking));
      this.#forget();
      await finish();
    } finally {
      this.#givingUp = null;
      resolve();
    }
  }

  #forget(): void {
    for (const lease of this.#leases.values()) {
      Object.assign(lease, { granted: 0, spent: 0, reserved: 0, epoch: lease.epoch + 1 });
    }
  }

  /** Gives everything back: for a graceful stop. */
  async close(): Promise<void> {
    for (const [key, lease] of this.#leases) {
      const [account = '', period = ''] = key.split(' ');
      const rest = lease.granted - lease.spent;
      if (rest > 0) await this.#options.source.giveBack(account, period, rest);
    }
    this.#leases.clear();
  }

  #leaseOf(account: string, period: string): Lease {
    const key = `${account} ${period}`;
    let lease = this.#leases.get(key);
    if (lease === undefined) {
      lease = { granted: 0, spent: 0, reserved: 0, waiting: 0, asking: null, usedMs: 0, epoch: 0 };
      this.#leases.set(key, lease);
    }
    return lease;
  }

  #take(lease: Lease, period: string, worstNanos: number, account: string): SpendReservation {
    lease.reserved += worstNanos;
    // Ask ahead while there is still room, so that the next request need not wait.
    if (roomOf(lease) < sliceNanos / 4) {
      this.#ask(account, period, lease).catch(() => undefined);
    }
    let isOpen = true;
    const { epoch } = lease;
    return {
      period,
      settle: (costNanos) => {
        if (!isOpen || lease.epoch !== epoch) return;
        isOpen = false;
        lease.reserved -= worstNanos;
        lease.spent += Math.min(costNanos, worstNanos);
      },
    };
  }

  async #takeLater(
    account: string,
    period: string,
    lease: Lease,
    worstNanos: number,
  ): Promise<SpendReservation> {
    lease.waiting += worstNanos;
    try {
      for (;;) {
        // An answer under way was asked for before we came: only a short answer to a question that knew of us
        // counts.
        const isOurs = lease.asking === null;
        const isShort = await this.#ask(account, period, lease);
        if (roomOf(lease) >= worstNanos) return this.#take(lease, period, worstNanos, account);
        if (isOurs && isShort) break;
      }
    } finally {
      lease.waiting -= worstNanos;
    }
    await this.#options.source.refused?.(account, period);
    throw refusalOf(account, period, this.#options.standingOf(account));
  }

  /**
   * Asks for what waiting requests need and a slice more. True when less was granted: the budget is at its
   * end.
   */
  #ask(account: string, period: string, lease: Lease): Promise<boolean> {
    const wantNanos = Math.ceil(Math.max(0, lease.waiting - roomOf(lease)) + sliceNanos);
    const extend = () => this.#options.source.extend(account, period, wantNanos);
    lease.asking ??= (this.#givingUp?.then(extend) ?? extend())
      .then((granted) => {
        lease.granted += granted;
        return granted < wantNanos;
      })
      .finally(() => {
        lease.asking = null;
      });
    return lease.asking;
  }
}

function refusalOf(account: string, period: string, standing: SpendStanding): SpendRefusedError {
  const { monthlyLimitNanos, creditOnly } = standing;
  const limit = monthlyLimitNanos === null ? '' : ` of ${formatUsd(monthlyLimitNanos)} USD`;
  return new SpendRefusedError(
    creditOnly === true
      ? `the credit of the account ${account} does not cover this request and no payment method is on file: add ` +
          'credit or a payment method, or ask for fewer tokens (max_tokens)'
      : `the account ${account} has reached its spending limit${limit} for ${period}: ` +
          'add credit for a higher tier, or raise the limit with: firectl update quota monthly-spend-usd --value N',
  );
}

function roomOf(lease: Lease): number {
  return lease.granted - lease.spent - lease.reserved;
}

/** `2026-11`: budgets are by month, UTC. */
export function periodOf(timeMs: number): string {
  return new Date(timeMs).toISOString().slice(0, 7);
}
