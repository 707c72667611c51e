import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LeasedLimiter, type MeterSource } from './leased-limiter.ts';
import { createMemoryMeters } from './memory-limiter.ts';
import { freshMeters, loanMs, planRenewal, type RateMeters } from './meters.ts';
import { defaultRateLimits, type RateDecision, type RateLimits } from './rate-limiter.ts';

/** Several gateways that share the meters of one account, with a clock of their own. */
function setUp(count: number, limits: RateLimits = defaultRateLimits) {
  let nowMs = Date.UTC(2026, 10, 22, 12);
  let state: RateMeters | null = null;
  let isAway = false;
  let turns = 0;
  const sourceOf = (gateway: string): MeterSource => ({
    async renew(_account, _limits, wanted) {
      turns += 1;
      if (isAway) throw new Error('the database is away');
      const renewal = planRenewal(state ?? freshMeters(limits, nowMs), limits, gateway, wanted, nowMs);
      state = renewal.meters;
      return renewal;
    },
  });
  const now = () => nowMs;
  const make = (gateway: string) =>
    new LeasedLimiter({
      source: sourceOf(gateway),
      whenAway: createMemoryMeters(now),
      now,
      limitsOf: () => limits,
      aheadShare: { minute: 0.1, day: 0.001 },
      pauseMs: 250,
    });
  return {
    gateways: Array.from({ length: count }, (_, index) => make(`g${index}`)),
    make,
    pass: (ms: number) => {
      nowMs += ms;
    },
    setAway: (away: boolean) => {
      isAway = away;
    },
    countTurns: () => turns,
  };
}

const tokenClass = 'tokens-per-day-over-100b';
const ask = (limiter: LeasedLimiter, requests = 1, tokensMax = 0): Promise<RateDecision> =>
  Promise.resolve(limiter.take('alice', { requests, tokenClass, tokensMax }));
const used = (promptTokens: number) => ({ promptTokens, cachedPromptTokens: 0, completionTokens: 0 });

test('gateways together let through what one would, however the requests are spread', async () => {
  const { gateways } = setUp(4);
  const decisions: RateDecision[] = [];
  // The first gateway gets most: no share of the limit is kept for the others.
  for (let sent = 0; sent < 7_000; sent += 1)
    decisions.push(await ask(gateways[sent % 10 < 7 ? 0 : sent % 4]!));
  const count = (verdict: string) => decisions.filter((decision) => decision.verdict === verdict).length;
  expect(count('within')).toBeLessThanOrEqual(60);
  expect(count('within')).toBeGreaterThan(40);
  expect(count('refused')).toBeGreaterThanOrEqual(1_000);
  expect(count('refused')).toBeLessThan(1_000 + 4 * 600);
});

test('the limit that traffic over several gateways has earned is that of the table', async () => {
  const { gateways, pass } = setUp(3);
  for (let second = 1; second <= 7_200; second += 1) {
    for (const gateway of gateways) {
      await ask(gateway, 9);
      await gateway.tidy();
    }
    pass(1_000);
    const expected = { 600: 120, 3600: 720, 7200: 1440 }[second];
    if (expected === undefined) continue;
    for (const gateway of gateways) {
      const { headers } = await ask(gateway, 0);
      const limit = Number(headers['x-ratelimit-limit-requests']);
      // What is noticed late, by a second or two, is missing.
      expect(limit).toBeGreaterThanOrEqual(expected - 1);
      expect(limit).toBeLessThanOrEqual(expected);
    }
  }
});

test('of requests that come at once, over several gateways, as many run as there is room for', async () => {
  const { gateways } = setUp(2);
  const decisions = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(gateways[index % 2]!)));
  const within = decisions.filter(({ verdict }) => verdict === 'within');
  expect(within.length).toBeLessThanOrEqual(60);
  expect(within.length).toBeGreaterThanOrEqual(48);
});

test('few requests of many ask the database, and none twice', async () => {
  const { gateways, countTurns } = setUp(1, {
    ...defaultRateLimits,
    minimum: { requests: 6_000, 'tokens-prompt': 6e6, 'tokens-generated': 6e5 },
  });
  for (let sent = 0; sent < 3_000; sent += 1) await ask(gateways[0]!);
  expect(countTurns()).toBeLessThan(30);
});

test('the tokens of a day are never exceeded, and begin anew with the next one', async () => {
  const limits = {
    ...defaultRateLimits,
    dailyTokens: { ...defaultRateLimits.dailyTokens, [tokenClass]: 1_000 },
  };
  const { gateways, pass } = setUp(3, limits);
  let total = 0;
  const use = async (): Promise<RateDecision> => {
    const decision = await ask(gateways[total % 3]!, 1, 90);
    if (decision.refusedBy === null) total += 37;
    decision.end(used(37));
    return decision;
  };
  let refused: RateDecision | undefined;
  for (let sent = 0; sent < 40; sent += 1) {
    const decision = await use();
    if (decision.refusedBy !== null) refused = decision;
    pass(300);
  }
  expect(refused).toMatchObject({ verdict: 'refused', refusedBy: tokenClass });
  expect(refused!.retryAfterSeconds).toBeGreaterThan(11 * 3_600);
  expect(total).toBeLessThanOrEqual(1_000);
  expect(total).toBeGreaterThan(1_000 - 3 * 90);
  pass(12 * 3_600_000);
  expect((await use()).refusedBy).toBeNull();
});

test('what a gateway held that was killed counts as lent, and not for long', async () => {
  const limits = {
    ...defaultRateLimits,
    minimum: { ...defaultRateLimits.minimum, requests: 20 },
    maximum: { ...defaultRateLimits.maximum, requests: 20 },
  };
  const { gateways, make, pass } = setUp(2, limits);
  await ask(gateways[0]!);
  pass(loanMs - 1);
  // It borrowed ahead, and may still use that.
  expect((await ask(gateways[1]!, 20)).refusedBy).toBe('requests-per-minute');
  await gateways[1]!.tidy(true);
  pass(loanMs);
  expect((await ask(make('new'), 20)).refusedBy).toBeNull();
});

test('while the database is away each gateway counts alone, and nobody waits long or is let off', async () => {
  const { gateways, setAway, pass } = setUp(1);
  setAway(true);
  const verdicts = new Set<string>();
  for (let sent = 0; sent < 6_100; sent += 1) verdicts.add((await ask(gateways[0]!)).verdict);
  expect(verdicts).toEqual(new Set(['within', 'over', 'far-over', 'refused']));
  setAway(false);
  pass(60_000);
  // What was used meanwhile is told now.
  await ask(gateways[0]!);
  pass(120_000);
  expect((await ask(gateways[0]!)).verdict).toBe('within');
});

test('in any order of requests, ends, pauses and deaths no limit is exceeded', async () => {
  const step = fc.record({
    gateway: fc.nat(2),
    ms: fc.nat(2_000),
    requests: fc.integer({ min: 1, max: 30 }),
    tokens: fc.nat(60),
    dies: fc.nat(20).map((number) => number === 0),
    tidies: fc.boolean(),
  });
  const limits: RateLimits = {
    minimum: { requests: 20, 'tokens-prompt': 1e6, 'tokens-generated': 1e6 },
    maximum: { requests: 100, 'tokens-prompt': 1e6, 'tokens-generated': 1e6 },
    dailyTokens: { ...defaultRateLimits.dailyTokens, [tokenClass]: 500 },
  };
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { gateways, make, pass } = setUp(3, limits);
      let [requests, tokens, elapsedMs, lives] = [0, 0, 0, 3];
      for (const { gateway, ms, requests: wanted, tokens: tokensUsed, dies, tidies } of steps) {
        if (dies) gateways[gateway] = make(`life${++lives}`);
        const decision = await ask(gateways[gateway]!, wanted, 60);
        if (decision.refusedBy === null) {
          requests += wanted;
          tokens += tokensUsed;
        }
        decision.end(used(tokensUsed));
        pass(ms);
        elapsedMs += ms;
        if (tidies) await gateways[gateway]!.tidy();
        expect(requests).toBeLessThanOrEqual(100 + (100 * elapsedMs) / 60_000 + 1e-6);
        expect(tokens).toBeLessThanOrEqual(500);
      }
    }),
    { numRuns: 100 },
  );
});

test('a limit that is lowered counts at once, whatever was borrowed under the old one', async () => {
  const limits = structuredClone(defaultRateLimits) as { dailyTokens: Record<string, number> } & RateLimits;
  let current: RateLimits = limits;
  let state: RateMeters | null = null;
  const limiter = new LeasedLimiter({
    source: {
      async renew(_account, asked, turns) {
        const renewal = planRenewal(state ?? freshMeters(asked, 0), asked, 'g', turns, 0);
        state = renewal.meters;
        return renewal;
      },
    },
    whenAway: null,
    now: () => 0,
    limitsOf: () => current,
    aheadShare: { minute: 0.1, day: 0.001 },
    pauseMs: 250,
  });
  (await ask(limiter, 1, 100)).end(used(100));
  current = { ...limits, dailyTokens: { ...limits.dailyTokens, [tokenClass]: 1_000 } };
  expect((await ask(limiter, 1, 901)).refusedBy).toBe(tokenClass);
  expect((await ask(limiter, 1, 900)).refusedBy).toBeNull();
});
