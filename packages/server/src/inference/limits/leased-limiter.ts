import { tokenClasses } from '../../ledger/quotas.ts';
import type { TokenCounts } from '../token-counts.ts';
import { limitOf, passTime } from './allowance.ts';
import {
  boundsOf,
  dayOf,
  loanMs,
  type MeterKind,
  type MeterTurn,
  type MeterTurns,
  type MinuteKind,
  meterKinds,
  minuteKinds,
  type RateRenewal,
} from './meters.ts';
import {
  limitedKinds,
  type RateDecision,
  type RateLimiter,
  type RateLimits,
  type RateVerdict,
  type RateWish,
} from './rate-limiter.ts';

/** Where the meters of accounts are: in this process, or in the database for several gateways. */
export interface MeterSource {
  /** One turn of this gateway (`planRenewal`). The time in what it returns is that of this process. */
  renew(account: string, limits: RateLimits, turns: MeterTurns): RateRenewal | Promise<RateRenewal>;
}

export interface LeasedLimiterOptions {
  readonly source: MeterSource;
  /** Counts alone while `source` can't be asked; null: `source` always can. */
  readonly whenAway: MeterSource | null;
  readonly now: () => number;
  readonly limitsOf: (account: string) => RateLimits;
  /** The part of a limit that is borrowed ahead of need; 0: nothing is, every request asks. */
  readonly aheadShare: { readonly minute: number; readonly day: number };
  /** After an answer that there is no more, nobody asks for this long. */
  readonly pauseMs: number;
  readonly onAway?: (error: unknown) => void;
}

/** What this gateway holds of one kind. */
interface Room {
  /** Units that may be used; below zero: used beyond. */
  left: number;
  /** Used since the last turn. */
  used: number;
  /** Wanted by requests that wait for the turn under way, or the next. */
  waiting: number;
  emptyUntilMs: number;
}

interface Lease {
  readonly rooms: Record<MeterKind, Room>;
  known: RateRenewal['meters'] | null;
  /** The loan is good until then. */
  untilMs: number;
  day: number;
  awayUntilMs: number;
  asking: Promise<void> | null;
  usedMs: number;
  /** Requests that run. */
  open: number;
  limits: RateLimits;
  /** The limits are others now: what was borrowed under the old ones goes back first. */
  isOutdated: boolean;
}

const idleMs = 2_000;
/** While the source is away, it is asked again this often. */
const awayMs = 5_000;
const renewTimeoutMs = 2_000;

/**
 * Rate limits without a question to the database for each request: units are borrowed a little ahead and
 * counted in memory. What all gateways hold and have used never exceeds a limit, since no more is lent.
 */
export class LeasedLimiter implements RateLimiter {
  readonly #options: LeasedLimiterOptions;
  readonly #leases = new Map<string, Lease>();

  constructor(options: LeasedLimiterOptions) {
    this.#options = options;
  }

  take(account: string, wish: RateWish): RateDecision | Promise<RateDecision> {
    const lease = this.#leaseOf(account);
    lease.usedMs = this.#options.now();
    this.#dropOld(lease);
    const limits = this.#options.limitsOf(account);
    if (limits !== lease.limits) {
      lease.isOutdated ||= !hasSameMaxima(limits, lease.limits);
      lease.limits = limits;
    }
    if (!this.#mustAsk(lease, wish)) {
      const decision = this.#decide(lease, limits, wish);
      if (this.#isLow(lease, limits)) void this.#turn(account, lease);
      return decision;
    }
    addWaiting(lease, wish, 1);
    const asking = lease.asking ?? this.#turn(account, lease);
    if (asking !== undefined) return this.#takeLater(asking, account, lease, limits, wish);
    addWaiting(lease, wish, -1);
    return this.#decide(lease, limits, wish);
  }

  /**
   * What a turn brings is for all that wait, and who is first takes it: a request asks again until there is
   * room for it, or an answer that there is no more.
   */
  async #takeLater(
    first: Promise<void>,
    account: string,
    lease: Lease,
    limits: RateLimits,
    wish: RateWish,
  ): Promise<RateDecision> {
    let asking: Promise<void> | undefined = first;
    while (asking !== undefined) {
      await asking;
      asking = this.#mustAsk(lease, wish) ? (lease.asking ?? this.#turn(account, lease)) : undefined;
    }
    addWaiting(lease, wish, -1);
    // Nothing is awaited between the look and the taking: what was there still is.
    return this.#decide(lease, limits, wish);
  }

  /** Tells what was used and gives back what lies idle. Call it every second. */
  async tidy(isClosing = false): Promise<void> {
    for (const [account, lease] of this.#leases) {
      if (lease.asking !== null) continue;
      this.#dropOld(lease);
      const isIdle = isClosing || this.#options.now() - lease.usedMs > idleMs;
      const holds = meterKinds.some((kind) => lease.rooms[kind].left !== 0 || lease.rooms[kind].used > 0);
      if (isIdle && lease.open === 0) this.#leases.delete(account);
      if (holds) await this.#turn(account, lease, isIdle);
    }
  }

  #leaseOf(account: string): Lease {
    const known = this.#leases.get(account);
    if (known !== undefined) return known;
    const room = (): Room => ({ left: 0, used: 0, waiting: 0, emptyUntilMs: 0 });
    const rooms = Object.fromEntries(meterKinds.map((kind) => [kind, room()])) as Lease['rooms'];
    const times = { untilMs: 0, awayUntilMs: 0, usedMs: 0, day: dayOf(this.#options.now()) };
    const limits = this.#options.limitsOf(account);
    const lease: Lease = {
      rooms,
      known: null,
      asking: null,
      open: 0,
      limits,
      isOutdated: false,
      ...times,
    };
    this.#leases.set(account, lease);
    return lease;
  }

  /** A loan that ran out may have been lent to others; a day that is over has no tokens left. */
  #dropOld(lease: Lease): void {
    const nowMs = this.#options.now();
    if (nowMs > lease.untilMs) for (const kind of minuteKinds) dropRest(lease.rooms[kind]);
    if (dayOf(nowMs) === lease.day) return;
    lease.day = dayOf(nowMs);
    for (const kind of tokenClasses) dropRest(lease.rooms[kind]);
  }

  #mustAsk(lease: Lease, wish: RateWish): boolean {
    if (lease.isOutdated) return true;
    const nowMs = this.#options.now();
    return meterKinds.some((kind) => {
      const { left, emptyUntilMs } = lease.rooms[kind];
      return left < needOf(kind, wish) && nowMs >= emptyUntilMs;
    });
  }

  /** Whether it is time to borrow ahead, so that no request need wait. */
  #isLow(lease: Lease, limits: RateLimits): boolean {
    const { aheadShare, now } = this.#options;
    if (aheadShare.minute === 0 || lease.asking !== null) return false;
    return meterKinds.some((kind) => {
      const { left, emptyUntilMs, used } = lease.rooms[kind];
      return used > 0 && left * 4 < aheadOf(kind, limits, aheadShare) && now() >= emptyUntilMs;
    });
  }

  /** One turn with the source. Undefined: it answered at once. */
  #turn(account: string, lease: Lease, givesBack = false): Promise<void> | undefined {
    const { now, limitsOf, source, whenAway } = this.#options;
    const limits = limitsOf(account);
    const startMs = now();
    const turns = this.#takeTurns(lease, limits, givesBack || lease.isOutdated);
    lease.isOutdated = false;
    const finish = (renewal: RateRenewal) => this.#receive(lease, turns, renewal, startMs);
    const isAway = startMs < lease.awayUntilMs;
    const answer = ((isAway ? whenAway : null) ?? source).renew(account, limits, turns);
    if (!(answer instanceof Promise)) {
      finish(answer);
      return undefined;
    }
    lease.asking = withTimeout(answer)
      .then(finish)
      .catch(async (error: unknown) => {
        this.#options.onAway?.(error);
        lease.awayUntilMs = now() + awayMs;
        const alone = await whenAway?.renew(account, limits, turns);
        if (alone !== undefined) finish(alone);
      })
      .finally(() => {
        lease.asking = null;
      });
    return lease.asking;
  }

  /** What is told and wanted now. What is given back or told leaves the lease with it. */
  #takeTurns(lease: Lease, limits: RateLimits, givesBack: boolean): MeterTurns {
    const { aheadShare } = this.#options;
    const turnOf = (kind: MeterKind): [MeterKind, MeterTurn] => {
      const room = lease.rooms[kind];
      const over = Math.max(0, -room.left);
      const left = Math.max(0, room.left);
      const returned = givesBack ? left : 0;
      const kept = left - returned;
      const need = Math.max(0, room.waiting - kept);
      // Nothing ahead for sizes of models that nobody asks for.
      const isWanted = room.waiting > 0 || (!givesBack && room.used > 0);
      const ahead = isWanted ? Math.max(0, aheadOf(kind, limits, aheadShare) - kept) : 0;
      const turn = { used: room.used, over, returned, need, ahead };
      room.left += over - returned;
      room.used = 0;
      return [kind, turn];
    };
    return Object.fromEntries(meterKinds.map(turnOf)) as MeterTurns;
  }

  #receive(lease: Lease, turns: MeterTurns, { meters, granted }: RateRenewal, startMs: number): void {
    lease.known = meters;
    lease.untilMs = startMs + loanMs;
    for (const kind of meterKinds) {
      const room = lease.rooms[kind];
      room.left += granted[kind];
      const { need, ahead } = turns[kind];
      const isShort = granted[kind] < need || (ahead > 0 && granted[kind] === 0);
      room.emptyUntilMs = isShort ? this.#options.now() + this.#options.pauseMs : 0;
    }
  }

  #decide(lease: Lease, limits: RateLimits, wish: RateWish): RateDecision {
    const { requests, tokenClass, tokensMax } = wish;
    const { rooms } = lease;
    // Before the first answer of a source that is away nothing is known: nothing is refused for that.
    const knows = lease.known !== null;
    if (knows && rooms['requests-fixed'].left < requests) {
      return this.#refuse(lease, limits, 'requests-per-minute', wish);
    }
    if (knows && rooms[tokenClass].left < tokensMax) return this.#refuse(lease, limits, tokenClass, wish);
    spend(rooms['requests-fixed'], requests);
    spend(rooms.requests, requests);
    rooms[tokenClass].left -= tokensMax;
    const verdict = this.#verdictOf(lease, limits);
    const headers = this.#headersOf(lease, limits, verdict !== 'within');
    const { day } = lease;
    lease.open += 1;
    let isOpen = true;
    const end = ({ promptTokens, completionTokens }: TokenCounts): void => {
      if (!isOpen) return;
      isOpen = false;
      lease.open -= 1;
      spend(rooms['tokens-prompt'], promptTokens);
      spend(rooms['tokens-generated'], completionTokens);
      // The room of a day that is over went with it.
      if (lease.day !== day) return;
      rooms[tokenClass].left += tokensMax;
      spend(rooms[tokenClass], promptTokens + completionTokens);
    };
    return { verdict, tokenClass, refusedBy: null, headers, retryAfterSeconds: 1, end };
  }

  #refuse(
    lease: Lease,
    limits: RateLimits,
    refusedBy: NonNullable<RateDecision['refusedBy']>,
    { requests, tokenClass }: RateWish,
  ): RateDecision {
    const headers = this.#headersOf(lease, limits, true);
    const nowMs = this.#options.now();
    const missing = requests - this.#leftOf(lease, limits, 'requests-fixed');
    const minuteSeconds = Math.max(1, Math.ceil((missing / limits.maximum.requests) * 60));
    const daySeconds = Math.ceil((dayOf(nowMs) + 1) * 86_400 - nowMs / 1000);
    const retryAfterSeconds = refusedBy === 'requests-per-minute' ? minuteSeconds : daySeconds;
    return { verdict: 'refused', tokenClass, refusedBy, headers, retryAfterSeconds, end: () => undefined };
  }

  /** Units left now, as far as this gateway knows: what it holds, and what nobody held when it last asked. */
  #leftOf({ known, rooms }: Lease, limits: RateLimits, kind: MinuteKind): number {
    if (known === null) return rooms[kind].left;
    const { level } = passTime(known.minutes[kind], boundsOf(kind, limits), this.#options.now());
    return level + rooms[kind].left;
  }

  #limitOf({ known }: Lease, limits: RateLimits, kind: MinuteKind): number {
    const bounds = boundsOf(kind, limits);
    if (known === null) return bounds.minimum;
    return limitOf(passTime(known.minutes[kind], bounds, this.#options.now()), bounds);
  }

  #verdictOf(lease: Lease, limits: RateLimits): RateVerdict {
    if (lease.known === null) return 'within';
    let verdict: RateVerdict = 'within';
    for (const kind of limitedKinds) {
      const isOver = kind === 'requests' ? lease.rooms[kind].left < 0 : lease.rooms[kind].left <= 0;
      if (!isOver) continue;
      if (this.#leftOf(lease, limits, kind) <= -this.#limitOf(lease, limits, kind)) return 'far-over';
      verdict = 'over';
    }
    return verdict;
  }

  #headersOf(lease: Lease, limits: RateLimits, isOver: boolean): Record<string, string> {
    const headers: Record<string, string> = { 'x-ratelimit-over-limit': isOver ? 'yes' : 'no' };
    for (const kind of limitedKinds) {
      const limit = this.#limitOf(lease, limits, kind);
      const left = Math.min(limit, this.#leftOf(lease, limits, kind));
      headers[`x-ratelimit-limit-${kind}`] = String(Math.round(limit));
      headers[`x-ratelimit-remaining-${kind}`] = String(Math.max(0, Math.floor(left)));
    }
    return headers;
  }
}

/** What must be in a lease for a request to run within all limits. Tokens are counted when it is over. */
function needOf(kind: MeterKind, { requests, tokenClass, tokensMax }: RateWish): number {
  if (kind === 'requests' || kind === 'requests-fixed') return requests;
  if (kind === 'tokens-prompt' || kind === 'tokens-generated') return 1;
  return kind === tokenClass ? tokensMax : 0;
}

function addWaiting(lease: Lease, wish: RateWish, sign: 1 | -1): void {
  for (const kind of meterKinds) lease.rooms[kind].waiting += sign * needOf(kind, wish);
}

function hasSameMaxima(left: RateLimits, right: RateLimits): boolean {
  return (
    left.maximum.requests === right.maximum.requests &&
    tokenClasses.every((kind) => left.dailyTokens[kind] === right.dailyTokens[kind])
  );
}

function aheadOf(kind: MeterKind, limits: RateLimits, share: LeasedLimiterOptions['aheadShare']): number {
  if (kind in limits.dailyTokens) {
    return Math.ceil(limits.dailyTokens[kind as keyof RateLimits['dailyTokens']] * share.day);
  }
  return Math.ceil(boundsOf(kind as MinuteKind, limits).minimum * share.minute);
}

function spend(room: Room, units: number): void {
  room.left -= units;
  room.used += units;
}

function dropRest(room: Room): void {
  room.left = Math.min(room.left, 0);
}

async function withTimeout<Value>(answer: Promise<Value>): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the database did not answer within ${renewTimeoutMs} ms`)),
      renewTimeoutMs,
    );
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
