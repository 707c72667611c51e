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
  readonly days: Readonly<Record<TokenClass, DayMeter>>;
  /** What gateways hold for their requests of the next moments; a gateway that died is forgotten in time. */
  readonly lent: Readonly<Record<string, Loan>>;
}

interface DayMeter {
  readonly day: number;
  /** Lent, or used by requests that have a usage row. */
  readonly taken: number;
  /**
   * Of that, by gateway, what has no row: lent, or used a moment ago. Below zero: used beyond what it was
   * lent, which it has not told yet. Left out: nothing.
   */
  readonly lent?: Readonly<Record<string, number>>;
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
  const days = {} as Record<TokenClass, DayMeter>;
  for (const kind of tokenClasses) {
    const turn = turns[kind];
    const today = meterOfDay(before.days[kind], dayOf(nowMs));
    const held = today.lent[gateway] ?? 0;
    // What was lent to it and taken away again, since it was taken for gone, does not come back twice.
    const change = turn.over - Math.min(turn.returned, Math.max(0, held + turn.over));
    granted[kind] = planGrant(limits.dailyTokens[kind] - today.taken - change, turn);
    days[kind] = addLent(today, gateway, change + granted[kind]);
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

type WholeDayMeter = DayMeter & Required<Pick<DayMeter, 'lent'>>;

function meterOfDay(known: DayMeter, day: number): WholeDayMeter {
  return known.day === day ? { lent: {}, ...known } : { day, taken: 0, lent: {} };
}

/** Units that were lent to a gateway, or came back from it: both change what is taken. */
function addLent({ day, taken, lent }: WholeDayMeter, gateway: string, units: number): DayMeter {
  const { [gateway]: held = 0, ...others } = lent;
  const rest = held + units;
  return { day, taken: taken + units, lent: rest === 0 ? others : { ...others, [gateway]: rest } };
}

/** Tokens of requests that have a usage row now. */
export interface StoredTokens {
  readonly tokenClass: TokenClass;
  /** When the request came: its tokens are of that day. */
  readonly timeMs: number;
  readonly tokens: number;
}

/** Rows of a gateway's requests were stored: their tokens are not its loan any more, and stay taken. Pure. */
export function planStored(before: RateMeters, gateway: string, stored: readonly StoredTokens[]): RateMeters {
  const days = { ...before.days };
  for (const { tokenClass, timeMs, tokens } of stored) {
    // Of a day that is over nothing is counted any more.
    if (dayOf(timeMs) < days[tokenClass].day) continue;
    const meter = meterOfDay(days[tokenClass], dayOf(timeMs));
    days[tokenClass] = { ...addLent(meter, gateway, -tokens), taken: meter.taken };
  }
  return { ...before, days };
}

/**
 * A gateway's life is over and all its rows are stored: what it borrowed beyond is nobody's. What it used
 * beyond its loan counts now. Pure.
 */
export function planForgotten(before: RateMeters, gateway: string): RateMeters {
  const days = Object.fromEntries(
    tokenClasses.map((kind) => {
      const meter = meterOfDay(before.days[kind], before.days[kind].day);
      return [kind, addLent(meter, gateway, -(meter.lent[gateway] ?? 0))];
    }),
  ) as Record<TokenClass, DayMeter>;
  const { [gateway]: _gone, ...lent } = before.lent;
  return { ...before, days, lent };
}
