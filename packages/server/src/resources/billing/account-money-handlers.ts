import { randomUUID } from 'node:crypto';
import { ApiError, invalidField } from '@sparkler/api';
import type { accounts } from '@sparkler/api/resources';
import { manualProvider } from '../../billing/payments/manual-provider.ts';
import { recordPayment } from '../../billing/record-payment.ts';
import { creditOf } from '../../ledger/journal.ts';
import { formatUsd, parseUsd } from '../../ledger/money.ts';
import { periodOf } from '../../ledger/spend-leases.ts';
import { planMonthlyLimit, planNextTier } from '../../ledger/tiers.ts';
import { readInvoice } from '../../store/invoices.ts';
import { readStandings } from '../../store/standing-facts.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';

type MoneyHandlers = Required<
  Pick<HandlersOf<typeof accounts>, 'grantCredit' | 'recordPayment' | 'getBalance'>
>;

/** Money of an account: what it has, what it owes, and what operators record. */
export function makeAccountMoneyHandlers(context: ControlPlaneContext): MoneyHandlers {
  return {
    getBalance: ({ ids }) => readBalance(context, ids.account),
    async grantCredit({ ids, body }) {
      const { account } = ids;
      await readBalance(context, account);
      const id = body.requestId || `g-${randomUUID()}`;
      const wish = { account, id, kind: 'grant', state: 'SUCCEEDED', provider: 'credit' } as const;
      const amountNanos = readAmount(body.amountUsd);
      const description = body.description ?? '';
      await recordPayment(context, { ...wish, amountNanos, description, failedInvoice: null });
      await context.keys.refresh?.();
      return readBalance(context, account);
    },
    async recordPayment({ ids, body }) {
      const { account } = ids;
      await readBalance(context, account);
      const failedInvoice = body.invoice ? await requireInvoice(context, account, body.invoice) : null;
      const state = body.state ?? 'SUCCEEDED';
      if (state === 'FAILED' && failedInvoice === null) {
        throw invalidField('invoice', 'a failed payment needs the invoice that it was for');
      }
      await recordPayment(context, {
        account,
        id: body.requestId || `p-${randomUUID()}`,
        kind: 'payment',
        state,
        amountNanos: readAmount(body.amountUsd),
        // An operator may always record what came, whoever else collects.
        provider: manualProvider.id,
        description: body.description ?? '',
        failedInvoice,
      });
      await context.keys.refresh?.();
      return readBalance(context, account);
    },
  };
}

export function readAmount(text: string | undefined): bigint {
  const nanos = parseUsd(text || '0');
  if (nanos <= 0n) throw invalidField('amountUsd', 'amountUsd must be above 0');
  return nanos;
}

async function requireInvoice(
  { db }: ControlPlaneContext,
  account: string,
  reference: string,
): Promise<string> {
  const name = reference.includes('/') ? reference : `accounts/${account}/invoices/${reference}`;
  const invoice = await readInvoice(db, name);
  if (invoice?.account !== account) throw new ApiError('NOT_FOUND', `there is no ${name}`);
  return name;
}

async function readBalance({ db, now }: ControlPlaneContext, account: string) {
  const period = periodOf(now());
  const [standing] = await readStandings(db, period, account);
  if (standing === undefined) throw new ApiError('NOT_FOUND', `there is no accounts/${account}`);
  const { facts, paidNanos } = standing;
  const limit = planMonthlyLimit(facts.tier, facts.ownLimitNanos);
  const nextTier = planNextTier(facts.tier, paidNanos);
  return {
    creditUsd: formatUsd(creditOf(facts.balanceNanos)),
    outstandingUsd: formatUsd(creditOf(-facts.balanceNanos)),
    period,
    usedUsd: formatUsd(facts.settledNanos),
    limitUsd: limit === null ? '' : formatUsd(limit),
    paidUsd: formatUsd(paidNanos),
    tier: facts.tier,
    nextTierUsd: nextTier === null ? '' : formatUsd(nextTier),
  };
}
