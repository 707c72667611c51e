import { type Allowance, freshAllowance, passTime, use } from './allowance.ts';
import {
  defaultRateLimits,
  type LimitedKind,
  limitedKinds,
  type RateDecision,
  type RateLimiter,
  type RateLimits,
  type RateVerdict,
} from './rate-limiter.ts';

/** Accounts looked at before idle ones are forgotten. */
const SWEEP_EVERY = 4096;
/** Beyond the time in which a limit that grew shrinks back. */
const IDLE_MS = 10 * 60_000;

type Allowances = Record<LimitedKind, Allowance>;

interface AccountState {
  readonly guaranteed: Allowances;
  /** Requests under the fixed maximum. */
  fixed: Allowance;
}

export interface MemoryLimiterOptions {
  readonly now: () => number;
  /** Limits of an account; the spec's self-serve ones for all when left out. */
  readonly limitsOf?: (account: string) => RateLimits;
}

/**
 * Rate limits of one gateway process. Forgets accounts that were idle for long enough to be back at the
 * minimum.
 */
export class MemoryLimiter implements RateLimiter {
  readonly #now: () => number;
  readonly #limitsOf: (account: string) => RateLimits;
  readonly #accounts = new Map<string, AccountState>();
  #sinceSweep = 0;

  constructor(options: MemoryLimiterOptions) {
    this.#now = options.now;
    this.#limitsOf = options.limitsOf ?? (() => defaultRateLimits);
  }

  take(account: string, requests: number): RateDecision {
    const state = this.#advance(account);
    if (state.fixed.level < requests) {
      const seconds = Math.ceil(((requests - state.fixed.level) / state.fixed.limit) * 60);
      return { verdict: 'refused', headers: headersOf(state.guaranteed, true), retryAfterSeconds: seconds };
    }
    state.fixed = use(state.fixed, requests);
    state.guaranteed.requests = use(state.guaranteed.requests, requests);
    const verdict = verdictOf(state.guaranteed);
    return { verdict, headers: headersOf(state.guaranteed, verdict !== 'within'), retryAfterSeconds: 1 };
  }

  settle(account: string, promptTokens: number, generatedTokens: number): void {
    const { guaranteed } = this.#advance(account);
    guaranteed['tokens-prompt'] = use(guaranteed['tokens-prompt'], promptTokens);
    guaranteed['tokens-generated'] = use(guaranteed['tokens-generated'], generatedTokens);
  }

  #advance(account: string): AccountState {
    const nowMs = this.#now();
    const { minimum, maximum } = this.#limitsOf(account);
    let state = this.#accounts.get(account);
    if (state === undefined) {
      const fresh = (kind: LimitedKind) => freshAllowance(minimum[kind], nowMs);
      state = {
        guaranteed: {
          requests: fresh('requests'),
          'tokens-prompt': fresh('tokens-prompt'),
          'tokens-generated': fresh('tokens-generated'),
        },
        fixed: freshAllowance(maximum.requests, nowMs),
      };
      this.#accounts.set(account, state);
      this.#sweep(nowMs);
      return state;
    }
    for (const kind of limitedKinds) {
      state.guaranteed[kind] = passTime(state.guaranteed[kind], minimum[kind], maximum[kind], nowMs);
    }
    state.fixed = passTime(state.fixed, maximum.requests, maximum.requests, nowMs);
    return state;
  }

  #sweep(nowMs: number): void {
    if (++this.#sinceSweep < SWEEP_EVERY) return;
    this.#sinceSweep = 0;
    for (const [account, { fixed, guaranteed }] of this.#accounts) {
      const idleMs = nowMs - fixed.atMs;
      const isBack = limitedKinds.every((kind) => guaranteed[kind].sustainedMs <= idleMs - IDLE_MS);
      if (isBack) this.#accounts.delete(account);
    }
  }
}

function verdictOf(allowances: Allowances): RateVerdict {
  let verdict: RateVerdict = 'within';
  for (const kind of limitedKinds) {
    const { level, limit } = allowances[kind];
    if (level <= -limit) return 'far-over';
    if (level < 0) verdict = 'over';
  }
  return verdict;
}

function headersOf(allowances: Allowances, over: boolean): Record<string, string> {
  const headers: Record<string, string> = { 'x-ratelimit-over-limit': over ? 'yes' : 'no' };
  for (const kind of limitedKinds) {
    const { limit, level } = allowances[kind];
    headers[`x-ratelimit-limit-${kind}`] = String(Math.floor(limit));
    headers[`x-ratelimit-remaining-${kind}`] = String(Math.max(0, Math.floor(level)));
  }
  return headers;
}
