import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createMemoryLimiter } from './memory-limiter.ts';
import { defaultRateLimits, type RateDecision } from './rate-limiter.ts';

const MINUTE = 60_000;

function setUp() {
  let nowMs = 1_000_000;
  const memory = createMemoryLimiter({ now: () => nowMs });
  const tokenClass = 'tokens-per-day-under-40b';
  const limiter = {
    // Meters in memory answer at once.
    take: (account: string, requests: number) =>
      memory.take(account, { requests, tokenClass, tokensMax: 0 }) as RateDecision,
    settle: (account: string, promptTokens: number, completionTokens: number) =>
      limiter.take(account, 0).end({ promptTokens, cachedPromptTokens: 0, completionTokens }),
  };
  const pass = (ms: number) => {
    nowMs += ms;
  };
  /** Sends this many requests a minute, evenly, for some minutes; the last limit seen. */
  const sustain = (perMinute: number, minutes: number): number => {
    let limit = 0;
    for (let sent = 0; sent < perMinute * minutes; sent++) {
      pass(MINUTE / perMinute);
      limit = Number(limiter.take('alice', 1).headers['x-ratelimit-limit-requests']);
    }
    return limit;
  };
  const limitNow = () => Number(limiter.take('alice', 1).headers['x-ratelimit-limit-requests']);
  return { limiter, pass, sustain, limitNow };
}

test('the headers tell limits and what is left, replenished continuously', () => {
  const { limiter, pass } = setUp();
  limiter.take('alice', 1);
  const second = limiter.take('alice', 3);
  expect(second.headers).toEqual({
    'x-ratelimit-over-limit': 'no',
    'x-ratelimit-limit-requests': '60',
    'x-ratelimit-remaining-requests': '56',
    'x-ratelimit-limit-tokens-prompt': '60000',
    'x-ratelimit-remaining-tokens-prompt': '60000',
    'x-ratelimit-limit-tokens-generated': '6000',
    'x-ratelimit-remaining-tokens-generated': '6000',
  });
  pass(2_000);
  expect(limiter.take('alice', 1).headers['x-ratelimit-remaining-requests']).toBe('57');
});

test('a burst over the guaranteed limit runs, marked as over, then as far over', () => {
  const { limiter } = setUp();
  const verdicts = Array.from({ length: 130 }, () => limiter.take('alice', 1).verdict);
  expect(verdicts.slice(0, 60)).toEqual(new Array(60).fill('within'));
  expect(verdicts.slice(60, 119)).toEqual(new Array(59).fill('over'));
  expect(verdicts.slice(119)).toEqual(new Array(11).fill('far-over'));
});

test('tokens count too', () => {
  const { limiter } = setUp();
  limiter.settle('alice', 100, 6_500);
  const { verdict, headers } = limiter.take('alice', 1);
  expect(verdict).toBe('over');
  expect(headers['x-ratelimit-over-limit']).toBe('yes');
  expect(headers['x-ratelimit-remaining-tokens-generated']).toBe('0');
});

test('requests over the fixed maximum are refused until it refills', () => {
  const { limiter, pass } = setUp();
  for (let sent = 0; sent < 6_000; sent++) limiter.take('alice', 1);
  const refused = limiter.take('alice', 1);
  expect(refused.verdict).toBe('refused');
  expect(refused.retryAfterSeconds).toBe(1);
  pass(1_000);
  expect(limiter.take('alice', 1).verdict).not.toBe('refused');
});

/** The spec's table of requests per minute, and what lies between on its line. */
const table = [
  [0, 60],
  [1, 60],
  [5, 60],
  [7.5, 90],
  [10, 120],
  [60, 720],
  [120, 1440],
] as const;

test.each([
  ['far above', 1_500],
  ['half of what the table ends at', 720],
])('sustained use %s the limit lets it grow exactly as the table of the spec says', (_, perMinute) => {
  for (const [minutes, expected] of table) {
    const { sustain, limitNow } = setUp();
    if (minutes > 0) sustain(perMinute, minutes);
    // A request more or less does not change the minute that it is.
    expect(Math.abs(limitNow() - expected)).toBeLessThanOrEqual(1);
  }
});

test('use at the limit grows it along the table, too, and use that stays does so to twice itself', () => {
  const { sustain } = setUp();
  expect(Math.abs(sustain(60, 10) - 120)).toBeLessThanOrEqual(1);
  expect(sustain(60, 60)).toBeGreaterThan(110);
  expect(sustain(60, 60)).toBeLessThan(130);
});

test('tokens grow along the table as requests do', () => {
  const { limiter, pass } = setUp();
  for (let minute = 0; minute < 60; minute += 0.05) {
    limiter.settle('alice', 60_000, 6_000);
    pass(MINUTE / 20);
  }
  const { headers } = limiter.take('alice', 1);
  const prompt = Number(headers['x-ratelimit-limit-tokens-prompt']);
  expect(Math.abs(prompt - 720_000)).toBeLessThan(3_000);
  expect(Math.abs(Number(headers['x-ratelimit-limit-tokens-generated']) - 72_000)).toBeLessThan(300);
});

test('use far below the limit lets it shrink back to the minimum', () => {
  const { sustain } = setUp();
  expect(sustain(600, 40)).toBeGreaterThan(400);
  expect(sustain(1, 60)).toBe(60);
});

test('a pause after a burst is not taken for sustained use', () => {
  const { limiter, pass } = setUp();
  for (let sent = 0; sent < 200; sent++) limiter.take('alice', 1);
  pass(60 * MINUTE);
  expect(limiter.take('alice', 1).headers['x-ratelimit-limit-requests']).toBe('60');
});

test('one account never changes the limits of another', () => {
  const { limiter } = setUp();
  for (let sent = 0; sent < 500; sent++) limiter.take('alice', 1);
  expect(limiter.take('bob', 1).verdict).toBe('within');
});

test('whatever happens, limits stay between minimum and maximum and what is left within the limit', () => {
  const step = fc.record({ ms: fc.nat(200_000), requests: fc.nat(300), tokens: fc.nat(100_000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      const { limiter, pass } = setUp();
      for (const { ms, requests, tokens } of steps) {
        pass(ms);
        limiter.settle('alice', tokens, tokens);
        const { headers } = limiter.take('alice', requests);
        for (const kind of ['requests', 'tokens-prompt', 'tokens-generated'] as const) {
          const limit = Number(headers[`x-ratelimit-limit-${kind}`]);
          const remaining = Number(headers[`x-ratelimit-remaining-${kind}`]);
          expect(limit).toBeGreaterThanOrEqual(defaultRateLimits.minimum[kind]);
          expect(limit).toBeLessThanOrEqual(defaultRateLimits.maximum[kind]);
          expect(remaining).toBeGreaterThanOrEqual(0);
          expect(remaining).toBeLessThanOrEqual(limit);
        }
      }
    }),
  );
});
