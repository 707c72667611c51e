import { type TokenClass, tokenClasses } from '../../ledger/quotas.ts';
import { type Allowance, type AllowanceBounds, addUse, freshAllowance, passTime } from './allowance.ts';
import { limitedKinds, type RateLimits } from './rate-limiter.ts';

/** Limits per minute: the guaranteed ones, which grow with use, and the fixed maximum of requests. */
export const minuteKinds = [...limitedKinds, 'requests-fixed'] as const;
export type MinuteKind = (typeof minuteKinds)[number];
export const meterKinds = [...minuteKinds, ...tokenClasses] as const;
export type MeterKind = (typeof meterKinds)[number];

/**
 * How far the rates of one account are used, over all gateways. Gateways borrow units ahead and count with
 * them in memory; all that is lent and all that is left together never exceed a limit. Plain JSON.
 */
export interface RateMeters {
  readonly minutes: Readonly<Record<MinuteKind, Allowance>>;
  /** Tokens lent or used on a day (days since 1970, UTC), by size of the model. */
  readonly days: Readonly<Record<TokenClass, { readonly day: number; readonly taken: number }>>;
  /** What gateways hold for their requests of the next moments; a gateway that died is forgotten in time. */
  readonly lent: Readonly<Record<string, Loan>>;
}

interface Loan {
  readonly untilMs: number;
  readonly units: Readonly<Record<MinuteKind, number>>;
}

/** What a gateway tells and wants of one kind. All are counts, at least 0. */
export interface MeterTurn {
  /** Used since it last told, whether from its loan or beyond. */
  readonly used: number;
  /** Of that, beyond its loan. */
  readonly over: number;
  /** Of its loan, not needed any more. */
  readonly returned: number;
  /** Wanted by requests that wait. */
  readonly need: number;
  /** Wanted for requests to come. */
  readonly ahead: number;
}

export type MeterTurns = Readonly<Record<MeterKind, MeterTurn>>;

export interface RateRenewal {
  readonly meters: RateMeters;
  readonly granted: Readonly<Record<MeterKind, number>>;
}

/** What a gateway borrowed counts as lent for this long after it last came. */
export const loanMs = 10_000;
const dayMs = 86_400_000;

export const dayOf = (nowMs: number): number => Math.floor(nowMs / dayMs);

export function boundsOf(kind: MinuteKind, { minimum, maximum }: RateLimits): AllowanceBounds {
  if (kind === 'requests-fixed') return { minimum: maximum.requests, maximum: maximum.requests };
  return { minimum: minimum[kind], maximum: maximum[kind] };
}

export function freshMeters(limits: RateLimits, nowMs: number): RateMeters {
  const minute = (kind: MinuteKind) => [kind, freshAllowance(boundsOf(kind, limits), nowMs)];
  const day = (kind: TokenClass) => [kind, { day: dayOf(nowMs), taken: 0 }];
  return {
    minutes: Object.fromEntries(minuteKinds.map(minute)) as RateMeters['minutes'],
    days: Object.fromEntries(tokenClasses.map(day)) as RateMeters['days'],
    lent: {},
  };
}

/** One turn of a gateway: what it used is counted, what it wants is lent as far as there is room. Pure. */
export function planRenewal(
  before: RateMeters,
  limits: RateLimits,
  gateway: string,
  turns: MeterTurns,
  nowMs: number,
): RateRenewal {
  const live = Object.entries(before.lent).filter(([, { untilMs }]) => untilMs > nowMs);
  const own = live.find(([id]) => id === gateway)?.[1].units;
  const granted = {} as Record<MeterKind, number>;
  const minutes = {} as Record<MinuteKind, Allowance>;
  const units = {} as Record<MinuteKind, number>;
  for (const kind of minuteKinds) {
    const turn = turns[kind];
    // A loan that ran out is not lent any more, so nothing of it comes back either.
    const returned = Math.min(turn.returned, own?.[kind] ?? 0);
    const held = Math.max(0, (own?.[kind] ?? 0) - returned - (turn.used - turn.over));
    const others = live.filter(([id]) => id !== gateway).reduce((sum, [, loan]) => sum + loan.units[kind], 0);
    const bounds = boundsOf(kind, limits);
    const known = before.minutes[kind];
    const given = { ...known, level: known.level + returned - turn.over };
    const passed = addUse(passTime(given, bounds, nowMs, others + held), turn.used);
    granted[kind] = planGrant(passed.level, turn);
    minutes[kind] = { ...passed, level: passed.level - granted[kind] };
    units[kind] = held + granted[kind];
  }
  const days = {} as Record<TokenClass, { day: number; taken: number }>;
  for (const kind of tokenClasses) {
    const turn = turns[kind];
    const known = before.days[kind];
    const taken = known.day === dayOf(nowMs) ? Math.max(0, known.taken - turn.returned + turn.over) : 0;
    granted[kind] = planGrant(limits.dailyTokens[kind] - taken, turn);
    days[kind] = { day: dayOf(nowMs), taken: taken + granted[kind] };
  }
  const isIdle = minuteKinds.every((kind) => units[kind] === 0);
  const rest = Object.fromEntries(live.filter(([id]) => id !== gateway));
  const lent = isIdle ? rest : { ...rest, [gateway]: { untilMs: nowMs + loanMs, units } };
  return { meters: { minutes, days, lent }, granted };
}

/** Requests that wait come first; ahead of time at most a quarter of the rest, for the others' sake. */
function planGrant(left: number, { need, ahead }: MeterTurn): number {
  const room = Math.max(0, Math.floor(left));
  const now = Math.min(room, need);
  return now + Math.min(ahead, Math.floor((room - now) / 4));
}
