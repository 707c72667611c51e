import { parseUsd } from './money.ts';

/**
 * Spending tiers of the platform: paying (or adding credit) qualifies for the next, each has a monthly limit.
 */
export const tiers = ['TIER_1', 'TIER_2', 'TIER_3', 'TIER_4', 'UNLIMITED'] as const;
export type Tier = (typeof tiers)[number];

interface TierRule {
  /** Paid or credited so far to qualify by oneself; null: only an operator grants it. */
  readonly qualifyNanos: bigint | null;
  /** Monthly limit; null: none. */
  readonly limitNanos: bigint | null;
}

export const tierRules: Readonly<Record<Tier, TierRule>> = {
  TIER_1: { qualifyNanos: 0n, limitNanos: parseUsd('50') },
  TIER_2: { qualifyNanos: parseUsd('50'), limitNanos: parseUsd('500') },
  TIER_3: { qualifyNanos: parseUsd('500'), limitNanos: parseUsd('5000') },
  TIER_4: { qualifyNanos: parseUsd('5000'), limitNanos: parseUsd('50000') },
  UNLIMITED: { qualifyNanos: null, limitNanos: null },
};

/** The tier that payments and credits of `paidNanos` qualify for; an operator's grant is never taken back. */
export function planTier(current: Tier, paidNanos: bigint): Tier {
  if (current === 'UNLIMITED') return current;
  const earned = tiers.findLast((tier) => {
    const { qualifyNanos } = tierRules[tier];
    return qualifyNanos !== null && paidNanos >= qualifyNanos;
  });
  return tiers[Math.max(tiers.indexOf(current), tiers.indexOf(earned ?? 'TIER_1'))]!;
}

/** What is still to be paid to qualify for a higher tier; null: no higher one can be paid for. */
export function planNextTier(current: Tier, paidNanos: bigint): bigint | null {
  const next = tiers.slice(tiers.indexOf(current) + 1).find((tier) => tierRules[tier].qualifyNanos !== null);
  return next === undefined ? null : tierRules[next].qualifyNanos! - paidNanos;
}

/** What may be spent in a month: the tier's limit, or the lower one that the account set itself. */
export function planMonthlyLimit(tier: Tier, ownLimitNanos: bigint | null): bigint | null {
  const { limitNanos } = tierRules[tier];
  if (limitNanos === null) return ownLimitNanos;
  return ownLimitNanos !== null && ownLimitNanos < limitNanos ? ownLimitNanos : limitNanos;
}
