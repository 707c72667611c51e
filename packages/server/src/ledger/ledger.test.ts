import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd, parseUsd, roundToCents, toMoney } from './money.ts';
import { planCost, planWorstCost } from './plan-cost.ts';
import { defaultPriceBook, findTokenPrices, findTrainingPrice } from './price-book.ts';
import { type LeaseSource, SpendRefusedError, type SpendReservation } from './spend-guard.ts';
import { periodOf, SpendLeases } from './spend-leases.ts';
import { planMonthlyLimit, planTier } from './tiers.ts';

describe('money', () => {
  it('is read and written exactly', () => {
    expect(parseUsd('0.000000001')).toBe(1n);
    expect(parseUsd('-12.5')).toBe(-12_500_000_000n);
    expect(formatUsd(83_000_000_000n)).toBe('83.00');
    expect(formatUsd(-1n)).toBe('-0.000000001');
    expect(() => parseUsd('1.0000000001')).toThrow(RangeError);
    expect(() => parseUsd('ten')).toThrow('ten');
  });

  it('comes back the same through text', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 18n), max: 10n ** 18n }), (nanos) => {
        expect(parseUsd(formatUsd(nanos))).toBe(nanos);
      }),
    );
  });

  it('rounds halves of a cent away from zero', () => {
    expect(roundToCents(5_000_000n)).toBe(10_000_000n);
    expect(roundToCents(4_999_999n)).toBe(0n);
    expect(roundToCents(-5_000_000n)).toBe(-10_000_000n);
  });

  it('has the form of google.type.Money', () => {
    expect(toMoney(-1_500_000_000n)).toEqual({ currencyCode: 'USD', units: '-1', nanos: -500_000_000 });
  });
});

const prices = findTokenPrices(defaultPriceBook, 'text-4b-to-16b');

describe('the price of a request', () => {
  it('counts fresh, cached and generated tokens apart', () => {
    const tokens = { promptTokens: 1_000_000, cachedPromptTokens: 400_000, completionTokens: 500_000 };
    // 0.6 M at 0.20 + 0.4 M at 0.10 + 0.5 M at 0.20 a million.
    expect(formatUsd(BigInt(planCost(prices, tokens)))).toBe('0.26');
  });

  it('is never above what was reserved', () => {
    const bounds = fc.record({
      bodyBytes: fc.integer({ min: 1, max: 100_000 }),
      completionTokensMax: fc.integer({ min: 1, max: 10_000 }),
      choices: fc.integer({ min: 1, max: 8 }),
      prompts: fc.integer({ min: 1, max: 4 }),
      contextTokens: fc.integer({ min: 512, max: 20_000 }),
    });
    fc.assert(
      fc.property(bounds, fc.float({ min: 0, max: 1, noNaN: true }), (b, share) => {
        const perPrompt = Math.min(Math.floor(b.bodyBytes / b.prompts), b.contextTokens);
        const tokens = {
          promptTokens: Math.floor(perPrompt * share) * b.prompts,
          cachedPromptTokens: 0,
          completionTokens: Math.min(b.completionTokensMax, b.contextTokens) * b.choices * b.prompts,
        };
        expect(planCost(prices, tokens)).toBeLessThanOrEqual(planWorstCost(prices, b));
      }),
    );
  });

  it('of training grows with the base model', () => {
    expect(findTrainingPrice(defaultPriceBook, 8e9)).toBeLessThan(findTrainingPrice(defaultPriceBook, 70e9));
    expect(findTokenPrices(defaultPriceBook, 'nothing-sold')).toEqual({
      prompt: 0,
      cachedPrompt: 0,
      completion: 0,
    });
  });
});

describe('tiers', () => {
  it('follow what was paid, and are never lost', () => {
    expect(planTier('TIER_1', parseUsd('49.99'))).toBe('TIER_1');
    expect(planTier('TIER_1', parseUsd('100'))).toBe('TIER_2');
    expect(planTier('TIER_3', parseUsd('0'))).toBe('TIER_3');
    expect(planTier('TIER_1', parseUsd('5000'))).toBe('TIER_4');
    expect(planTier('UNLIMITED', parseUsd('0'))).toBe('UNLIMITED');
  });

  it('bound a limit that the account sets itself', () => {
    expect(planMonthlyLimit('TIER_2', parseUsd('20'))).toBe(parseUsd('20'));
    expect(planMonthlyLimit('TIER_2', parseUsd('9000'))).toBe(parseUsd('500'));
    expect(planMonthlyLimit('UNLIMITED', null)).toBeNull();
    expect(planMonthlyLimit('UNLIMITED', parseUsd('5'))).toBe(parseUsd('5'));
  });
});

/** A budget shared by several gateways, as the database keeps it. */
class SharedBudget implements LeaseSource {
  lent = 0;
  readonly limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  async extend(_account: string, _period: string, wantNanos: number): Promise<number> {
    await Promise.resolve();
    const granted = Math.min(wantNanos, this.limit - this.lent);
    this.lent += granted;
    return granted;
  }

  async giveBack(_account: string, _period: string, nanos: number): Promise<void> {
    this.lent -= nanos;
  }
}

describe('spend leases', () => {
  const standing = (limit: number) => () => ({ monthlyLimitNanos: BigInt(limit), suspension: null });

  it('let gateways spend the whole budget and not a nano more, in any order', async () => {
    const steps = fc.array(
      fc.record({
        gateway: fc.integer({ min: 0, max: 2 }),
        worst: fc.integer({ min: 1, max: 30_000_000 }),
        share: fc.float({ min: 0, max: 1, noNaN: true }),
        holdFor: fc.integer({ min: 0, max: 5 }),
      }),
      { maxLength: 60 },
    );
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 0, max: 200_000_000 }), async (plan, limit) => {
        const budget = new SharedBudget(limit);
        const options = { source: budget, standingOf: standing(limit), now: () => 0 };
        const gateways = [0, 1, 2].map(() => new SpendLeases(options));
        const open: { reservation: SpendReservation; cost: number; until: number }[] = [];
        let spent = 0;
        for (const [index, step] of plan.entries()) {
          for (const held of open.filter((entry) => entry.until <= index)) {
            held.reservation.settle(held.cost);
            spent += held.cost;
            open.splice(open.indexOf(held), 1);
          }
          const reserved = await Promise.resolve()
            .then(() => gateways[step.gateway]!.reserve('a', step.worst))
            .catch((error: unknown) => {
              expect(error).toBeInstanceOf(SpendRefusedError);
              return null;
            });
          if (reserved === null) continue;
          open.push({
            reservation: reserved,
            cost: Math.floor(step.worst * step.share),
            until: index + step.holdFor,
          });
          const outstanding = open.reduce((sum, entry) => sum + entry.cost, 0);
          expect(spent + outstanding).toBeLessThanOrEqual(limit);
          expect(budget.lent).toBeLessThanOrEqual(limit);
        }
        for (const { reservation, cost } of open) {
          reservation.settle(cost);
          spent += cost;
        }
        for (const gateway of gateways) await gateway.close();
        expect(budget.lent).toBe(spent);
      }),
      { numRuns: 200 },
    );
  });

  it('refuse with the limit and the way out when the budget is gone', async () => {
    const leases = new SpendLeases({
      source: new SharedBudget(100),
      standingOf: standing(100),
      now: () => 0,
    });
    const first = await leases.reserve('acme', 100);
    await expect(leases.reserve('acme', 1)).rejects.toThrow('monthly-spend-usd');
    first.settle(40);
    (await leases.reserve('acme', 60)).settle(0);
    first.settle(40);
    await expect(Promise.resolve(leases.reserve('acme', 60))).resolves.toBeDefined();
  });

  it('answer at once while the lease has room, and when nothing limits the account', async () => {
    const leases = new SpendLeases({
      source: new SharedBudget(1e9),
      standingOf: standing(1e9),
      now: () => 0,
    });
    await leases.reserve('a', 10);
    expect(leases.reserve('a', 10)).not.toBeInstanceOf(Promise);
    const free = { monthlyLimitNanos: null, suspension: null };
    const unlimited = new SpendLeases({ source: new SharedBudget(0), standingOf: () => free, now: () => 0 });
    expect(unlimited.reserve('a', 1e12)).not.toBeInstanceOf(Promise);
  });

  it('refuse a suspended account with the reason', () => {
    const suspended = { monthlyLimitNanos: null, suspension: 'a payment failed' };
    const leases = new SpendLeases({
      source: new SharedBudget(0),
      standingOf: () => suspended,
      now: () => 0,
    });
    expect(() => leases.reserve('a', 1)).toThrow('a payment failed');
  });

  it('go back when idle, so that another gateway can have them', async () => {
    let nowMs = 0;
    const budget = new SharedBudget(20_000_000);
    const options = { source: budget, standingOf: standing(20_000_000), now: () => nowMs };
    const [one, two] = [new SpendLeases(options), new SpendLeases(options)];
    (await one.reserve('a', 10)).settle(10);
    await expect(Promise.resolve(two.reserve('a', 1000))).rejects.toThrow('spending limit');
    nowMs = 20_000;
    await one.tidy();
    expect(budget.lent).toBe(10);
    (await two.reserve('a', 1000)).settle(1000);
  });

  it('count by month, UTC', () => {
    expect(periodOf(Date.UTC(2026, 10, 30, 23, 59))).toBe('2026-11');
    expect(periodOf(Date.UTC(2026, 11, 1))).toBe('2026-12');
  });
});
