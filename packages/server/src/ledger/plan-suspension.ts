import { creditOf } from './journal.ts';
import { planMonthlyLimit, type Tier } from './tiers.ts';

/** States of an account as the API names them. */
export type SuspendState =
  | 'UNSUSPENDED'
  | 'FAILED_PAYMENTS'
  | 'CREDIT_DEPLETED'
  | 'MONTHLY_SPEND_LIMIT_EXCEEDED'
  | 'BLOCKED_BY_ABUSE_RULE';

export type PaymentMethod = '' | 'manual' | 'house';

export interface StandingFacts {
  readonly tier: Tier;
  /** Lower monthly limit that the account set itself; null: none. */
  readonly ownLimitNanos: bigint | null;
  readonly paymentMethod: PaymentMethod;
  readonly balanceNanos: bigint;
  /** Settled this month. */
  readonly settledNanos: bigint;
  /** Whether something found no room in this month's budget. */
  readonly wasRefused: boolean;
  readonly hasFailedInvoice: boolean;
}

/** With less credit than this, a refused request counts as credit used up. */
const smallCreditNanos = 10_000_000n;

/**
 * Whether an account may go on (spec, "Account suspension"): its limit is reached, a payment failed, or
 * credit is used up and nobody pays. Being blocked is an operator's word, and only an operator takes it back.
 */
export function planSuspension(current: SuspendState, facts: StandingFacts): SuspendState {
  if (current === 'BLOCKED_BY_ABUSE_RULE') return current;
  if (facts.hasFailedInvoice && facts.paymentMethod !== 'house') return 'FAILED_PAYMENTS';
  if (spendsCreditOnly(facts)) {
    const credit = creditOf(facts.balanceNanos);
    if (credit === 0n || (facts.wasRefused && credit < smallCreditNanos)) return 'CREDIT_DEPLETED';
  }
  const limit = planMonthlyLimit(facts.tier, facts.ownLimitNanos);
  if (limit !== null && isLimitReached(limit, facts)) return 'MONTHLY_SPEND_LIMIT_EXCEEDED';
  return 'UNSUSPENDED';
}

/**
 * Requests reserve their greatest cost, so the last bit of a budget may fit none of them: it is reached when
 * one was refused with less than a hundredth left.
 */
function isLimitReached(limit: bigint, { settledNanos, wasRefused }: StandingFacts): boolean {
  const left = limit - settledNanos;
  return left <= 0n || (wasRefused && left * 100n < limit);
}

/** Without a way to pay, what can be spent is the credit. Accounts without a limit have a contract. */
export function spendsCreditOnly(facts: Pick<StandingFacts, 'tier' | 'paymentMethod'>): boolean {
  return facts.paymentMethod === '' && facts.tier !== 'UNLIMITED';
}

/** Why an account is suspended and what lifts it, for those who meet it. Null when it is not. */
export function describeSuspension(state: string): string | null {
  return reasons[state] ?? null;
}

const reasons: Readonly<Record<string, string>> = {
  FAILED_PAYMENTS:
    'a payment failed; pay the open invoices (firectl list invoices), and it is lifted at once',
  CREDIT_DEPLETED:
    'its credit is used up and no payment method is on file; add credit or a payment method, and it is lifted at once',
  MONTHLY_SPEND_LIMIT_EXCEEDED:
    'it reached its monthly spending limit; raise it (firectl update quota monthly-spend-usd --value N), add credit ' +
    'for a higher tier, or wait for the next month',
  BLOCKED_BY_ABUSE_RULE: 'it broke the rules of use; ask the operator',
};
