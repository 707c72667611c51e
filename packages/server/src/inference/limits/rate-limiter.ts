import { planQuota, quotaRules, type SetQuota, type TokenClass, tokenClasses } from '../../ledger/quotas.ts';
import type { TokenCounts } from '../token-counts.ts';

/**
 * Rate limits of shared (serverless) deployments; an account's own deployments have none (spec, "Rate
 * limits").
 */

export const limitedKinds = ['requests', 'tokens-prompt', 'tokens-generated'] as const;
export type LimitedKind = (typeof limitedKinds)[number];

/** A number for each kind, per minute. */
export type Rates = Readonly<Record<LimitedKind, number>>;

export interface RateLimits {
  /** Guaranteed to everybody, whatever was used before. */
  readonly minimum: Rates;
  /** What sustained use can let the guaranteed limits grow to; more requests than this are refused. */
  readonly maximum: Rates;
  /** Tokens a day (UTC) by size of the model. */
  readonly dailyTokens: Readonly<Record<TokenClass, number>>;
}

/** Self-serve limits of the spec; tokens may grow by the same factor of 100 as requests. */
const minimum: Rates = { requests: 60, 'tokens-prompt': 60_000, 'tokens-generated': 6_000 };
const tokensARequest = { 'tokens-prompt': 1_000, 'tokens-generated': 100 };

/** The limits of an account, by the quotas that were set for it. */
export function planRateLimits(quotas: ReadonlyMap<string, SetQuota>): RateLimits {
  const quotaOf = (id: 'requests-per-minute' | TokenClass) =>
    planQuota(quotaRules[id].most, quotas.get(id)).value;
  const requests = quotaOf('requests-per-minute');
  const maximum = {
    requests,
    'tokens-prompt': requests * tokensARequest['tokens-prompt'],
    'tokens-generated': requests * tokensARequest['tokens-generated'],
  };
  return {
    minimum: {
      requests: Math.min(minimum.requests, maximum.requests),
      'tokens-prompt': Math.min(minimum['tokens-prompt'], maximum['tokens-prompt']),
      'tokens-generated': Math.min(minimum['tokens-generated'], maximum['tokens-generated']),
    },
    maximum,
    dailyTokens: Object.fromEntries(tokenClasses.map((id) => [id, quotaOf(id)])) as RateLimits['dailyTokens'],
  };
}

export const defaultRateLimits = planRateLimits(new Map());

export type RateVerdict =
  /** Within the guaranteed limits. */
  | 'within'
  /** Over a guaranteed limit: runs at lower priority. */
  | 'over'
  /** So far over that it is dropped if the deployment is full. */
  | 'far-over'
  /** Over a fixed maximum: refused. */
  | 'refused';

/** What a request will count as. */
export interface RateWish {
  /** A request with n choices is n. */
  readonly requests: number;
  readonly tokenClass: TokenClass;
  /** The most tokens that it can use, prompt and answer together. */
  readonly tokensMax: number;
}

export interface RateDecision {
  readonly verdict: RateVerdict;
  /** Whose tokens of the day it counts among. */
  readonly tokenClass: TokenClass;
  /** Which maximum a refused request is over; null for others. */
  readonly refusedBy: 'requests-per-minute' | TokenClass | null;
  /** `x-ratelimit-*` as the spec lists them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds until a refused request would be taken. */
  readonly retryAfterSeconds: number;
  /** The request is over and used these tokens. Only the first call counts. */
  end(tokens: TokenCounts): void;
}

/** Counts use by account. */
export interface RateLimiter {
  /** Says how a request may run. At once where it is known; else after a question to the database. */
  take(account: string, wish: RateWish): RateDecision | Promise<RateDecision>;
}
