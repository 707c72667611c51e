import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseUsd, roundToCents } from './money.ts';
import { planGpuCharges, type ReservedCapacity, type ServingInterval } from './plan-gpu-charges.ts';
import { nextPeriod, planAllocation, planInvoice } from './plan-invoice.ts';
import { planSuspension, type StandingFacts } from './plan-suspension.ts';

const usd = parseUsd;

describe('an invoice', () => {
  const noOthers = { laterChargesNanos: 0n, openInvoicesNanos: 0n };

  test('of $83 of use with $20 of credit asks for $63', () => {
    const facts = { ...noOthers, balanceNanos: usd('83') - usd('20'), subtotalNanos: usd('83') };
    expect(planInvoice(facts)).toMatchObject({ creditNanos: usd('20'), dueNanos: usd('63') });
  });

  test('of $750 is $250 after $500 were added, and no credit is left', () => {
    const parts = planAllocation(usd('500'), [{ name: 'i', period: '2026-10', restNanos: usd('750') }]);
    expect(parts).toEqual([{ name: 'i', nanos: usd('500') }]);
    // The balance says the same: $250 are owed, so there is no credit.
    expect(usd('750') - usd('500')).toBe(usd('250'));
  });

  test('leaves out what later months cost and what earlier invoices ask for', () => {
    const facts = {
      balanceNanos: usd('100') + usd('7') + usd('30'),
      subtotalNanos: usd('100'),
      laterChargesNanos: usd('7'),
      openInvoicesNanos: usd('30'),
    };
    expect(planInvoice(facts)).toMatchObject({ creditNanos: 0n, dueNanos: usd('100') });
  });

  test('asks for whole cents, between nothing and the subtotal', () => {
    const nanos = fc.bigInt({ min: 0n, max: 10n ** 14n });
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }),
        nanos,
        nanos,
        nanos,
        (balance, a, b, c) => {
          const totals = planInvoice({
            balanceNanos: balance,
            subtotalNanos: a,
            laterChargesNanos: b,
            openInvoicesNanos: c,
          });
          const exact = totals.subtotalNanos - totals.creditNanos;
          expect(totals.creditNanos >= 0n && totals.creditNanos <= a).toBe(true);
          expect(totals.dueNanos % 10_000_000n).toBe(0n);
          expect(totals.dueNanos).toBe(roundToCents(exact));
          expect(totals.dueNanos - totals.roundingNanos).toBe(exact);
        },
      ),
    );
  });

  test('months follow each other', () => {
    expect(nextPeriod('2026-11')).toBe('2026-12');
    expect(nextPeriod('2026-12')).toBe('2027-01');
  });
});

describe('a suspension', () => {
  const facts: StandingFacts = {
    tier: 'TIER_1',
    ownLimitNanos: null,
    paymentMethod: 'manual',
    balanceNanos: 0n,
    settledNanos: 0n,
    wasRefused: false,
    hasFailedInvoice: false,
  };
  const plan = (change: Partial<StandingFacts>, current = 'UNSUSPENDED' as const) =>
    planSuspension(current, { ...facts, ...change });

  const cases: readonly (readonly [string, Partial<StandingFacts>])[] = [
    ['UNSUSPENDED', {}],
    ['MONTHLY_SPEND_LIMIT_EXCEEDED', { settledNanos: usd('50') }],
    ['UNSUSPENDED', { settledNanos: usd('49.99') }],
    ['MONTHLY_SPEND_LIMIT_EXCEEDED', { settledNanos: usd('49.99'), wasRefused: true }],
    ['UNSUSPENDED', { settledNanos: usd('30'), wasRefused: true }],
    // Credit does not raise the limit.
    ['MONTHLY_SPEND_LIMIT_EXCEEDED', { settledNanos: usd('50'), balanceNanos: -usd('100') }],
    ['MONTHLY_SPEND_LIMIT_EXCEEDED', { settledNanos: usd('5'), ownLimitNanos: usd('5') }],
    ['FAILED_PAYMENTS', { hasFailedInvoice: true }],
    ['UNSUSPENDED', { hasFailedInvoice: true, paymentMethod: 'house' }],
    ['CREDIT_DEPLETED', { paymentMethod: '' }],
    ['UNSUSPENDED', { paymentMethod: '', balanceNanos: -usd('1') }],
    ['UNSUSPENDED', { paymentMethod: '', tier: 'UNLIMITED' }],
  ];

  test('follows from limit, payments and credit', () => {
    for (const [state, change] of cases) expect([plan(change), change]).toEqual([state, change]);
  });

  test('by an operator stays until the operator lifts it', () => {
    expect(planSuspension('BLOCKED_BY_ABUSE_RULE', facts)).toBe('BLOCKED_BY_ABUSE_RULE');
    expect(planSuspension('FAILED_PAYMENTS', facts)).toBe('UNSUSPENDED');
  });
});

describe('accelerator seconds', () => {
  const interval = (replica: string, from: number, to: number, count = 8): ServingInterval => ({
    replica,
    deployment: `d-${replica}`,
    model: 'm',
    region: 'US_IOWA_1',
    acceleratorType: 'NVIDIA_H100_80GB',
    acceleratorCount: count,
    from,
    to,
  });
  const reserve = (count: number, region = ''): ReservedCapacity => ({
    region,
    acceleratorType: 'NVIDIA_H100_80GB',
    count,
    from: 0,
    to: 1_000_000,
  });

  test('of two deployments of 8 against a reservation of 12: 12 reserved, 4 metered', () => {
    const uses = planGpuCharges([interval('a', 0, 100), interval('b', 0, 100)], [reserve(12)], 0, 100);
    expect(uses.map(({ reservedSeconds, meteredSeconds }) => [reservedSeconds, meteredSeconds])).toEqual([
      [800, 0],
      [400, 400],
    ]);
  });

  test('of another region or type are not reserved', () => {
    const other = { ...reserve(12), acceleratorType: 'NVIDIA_A100_80GB' };
    const [use] = planGpuCharges([interval('a', 0, 10)], [reserve(12, 'EU_FRANKFURT_1'), other], 0, 10);
    expect(use).toMatchObject({ reservedSeconds: 0, meteredSeconds: 80 });
  });

  test('do not depend on when the meter looks, and all of them are counted', () => {
    const spans = fc.array(
      fc.record({ from: fc.nat(300_000), length: fc.nat(200_000), count: fc.integer({ min: 1, max: 8 }) }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(spans, fc.array(fc.nat(500_000), { maxLength: 5 }), fc.nat(20), (made, looks, reserved) => {
        const intervals = made.map((span, index) =>
          interval(`r${index}`, span.from, span.from + span.length, span.count),
        );
        const sum = (moments: readonly number[]) => {
          const totals: Record<string, number> = {};
          for (let index = 0; index + 1 < moments.length; index += 1) {
            const [from, to] = [moments[index]!, moments[index + 1]!];
            for (const use of planGpuCharges(intervals, [reserve(reserved)], from, to)) {
              const key = `${use.day} ${use.deployment}`;
              totals[key] = (totals[key] ?? 0) + use.meteredSeconds;
              totals.all = (totals.all ?? 0) + use.meteredSeconds + use.reservedSeconds;
            }
          }
          return totals;
        };
        const cuts = [...new Set([0, ...looks, 500_000])].sort((left, right) => left - right);
        expect(sum(cuts)).toEqual(sum([0, 500_000]));
        const served = made.reduce((all, span) => all + span.length * span.count, 0);
        expect(sum(cuts).all ?? 0).toBe(served);
      }),
    );
  });
});
