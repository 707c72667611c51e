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
}

/** Self-serve limits of the spec; tokens may grow by the same factor of 100 as requests. */
export const defaultRateLimits: RateLimits = {
  minimum: { requests: 60, 'tokens-prompt': 60_000, 'tokens-generated': 6_000 },
  maximum: { requests: 6_000, 'tokens-prompt': 6_000_000, 'tokens-generated': 600_000 },
};

export type RateVerdict =
  /** Within the guaranteed limits. */
  | 'within'
  /** Over a guaranteed limit: runs at lower priority. */
  | 'over'
  /** So far over that it is dropped if the deployment is full. */
  | 'far-over'
  /** Over the fixed maximum: refused. */
  | 'refused';

export interface RateDecision {
  readonly verdict: RateVerdict;
  /** `x-ratelimit-*` as the spec lists them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Seconds until a refused request would be taken. */
  readonly retryAfterSeconds: number;
}

/** Counts use by account. In memory here; with several gateways each holds a leased share of the limits. */
export interface RateLimiter {
  /** Counts `requests` (a request with n choices is n) and says how they may run. */
  take(account: string, requests: number): RateDecision;
  /** Counts the tokens of a request that ended. */
  settle(account: string, promptTokens: number, generatedTokens: number): void;
}
