import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LeasedLimiter } from './leased-limiter.ts';
import {
  freshMeters,
  planForgotten,
  planRenewal,
  planStored,
  type RateMeters,
  type StoredTokens,
} from './meters.ts';
import { defaultRateLimits, type RateDecision } from './rate-limiter.ts';

/**
 * Tokens of a day over gateways that are killed at any moment and settled by their next life or by others:
 * in the end what is taken is what usage rows have, and never were more than the limit let through.
 */

const tokenClass = 'tokens-per-day-over-100b';
const dailyMax = 100_000;
const limits = {
  ...defaultRateLimits,
  dailyTokens: { ...defaultRateLimits.dailyTokens, [tokenClass]: dailyMax },
};
const nowMs = Date.UTC(2026, 10, 22, 12);

interface Running {
  readonly decision: RateDecision;
  readonly tokensMax: number;
}

class Platform {
  meters: RateMeters = freshMeters(limits, nowMs);
  rows = 0;

  get taken(): number {
    return this.meters.days[tokenClass].taken;
  }

  store(gateway: string, tokens: readonly number[]): void {
    const toRow = (count: number): StoredTokens => ({ tokenClass, timeMs: nowMs, tokens: count });
    this.meters = planStored(this.meters, gateway, tokens.map(toRow));
    this.rows += tokens.reduce((sum, count) => sum + count, 0);
  }
}

class Gateway {
  readonly name: string;
  readonly #platform: Platform;
  limiter: LeasedLimiter;
  running: Running[] = [];
  spool: number[] = [];

  constructor(name: string, platform: Platform) {
    this.name = name;
    this.#platform = platform;
    this.limiter = this.#open();
  }

  #open(): LeasedLimiter {
    const renew: ConstructorParameters<typeof LeasedLimiter>[0]['source']['renew'] = (
      _account,
      _limits,
      turns,
    ) => {
      const renewal = planRenewal(this.#platform.meters, limits, this.name, turns, nowMs);
      this.#platform.meters = renewal.meters;
      return renewal;
    };
    return new LeasedLimiter({
      source: { renew },
      whenAway: null,
      now: () => nowMs,
      limitsOf: () => limits,
      aheadShare: { minute: 0.1, day: 0.001 },
      pauseMs: 0,
    });
  }

  async take(tokensMax: number): Promise<void> {
    const decision = await this.limiter.take('alice', { requests: 0, tokenClass, tokensMax });
    if (decision.verdict !== 'refused') this.running.push({ decision, tokensMax });
  }

  end(share: number): void {
    const request = this.running.shift();
    if (request === undefined) return;
    const tokens = Math.floor(request.tokensMax * share);
    request.decision.end({ promptTokens: tokens, cachedPromptTokens: 0, completionTokens: 0 });
    this.spool.push(tokens);
  }

  store(): void {
    this.#platform.store(this.name, this.spool.splice(0));
  }

  /** Killed; what its requests had used until then is stored by whoever asks the engines. */
  kill(share: number): void {
    this.store();
    this.#platform.store(
      this.name,
      this.running.splice(0).map(({ tokensMax }) => Math.floor(tokensMax * share)),
    );
    this.#platform.meters = planForgotten(this.#platform.meters, this.name);
    this.limiter = this.#open();
  }

  /** Everything ends in order. */
  async close(): Promise<void> {
    while (this.running.length > 0) this.end(0.5);
    await this.limiter.tidy(true);
    this.store();
  }
}

const step = fc.record({
  gateway: fc.integer({ min: 0, max: 2 }),
  act: fc.constantFrom('take', 'take', 'take', 'end', 'end', 'tidy', 'store', 'kill'),
  tokensMax: fc.integer({ min: 0, max: 20_000 }),
  // More than asked for too: estimates can be wrong.
  share: fc.double({ min: 0, max: 1.1, noNaN: true }),
});

test('after any kills the tokens of the day are those of the usage rows', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const platform = new Platform();
      const gateways = ['g0', 'g1', 'g2'].map((name) => new Gateway(name, platform));
      for (const { gateway: at, act, tokensMax, share } of steps) {
        const gateway = gateways[at]!;
        if (act === 'take') await gateway.take(tokensMax);
        else if (act === 'end') gateway.end(share);
        else if (act === 'tidy') await gateway.limiter.tidy();
        else if (act === 'store') gateway.store();
        else gateway.kill(share);
        const reserved = gateways
          .flatMap(({ running }) => running)
          .reduce((sum, one) => sum + one.tokensMax, 0);
        // What was used beyond estimates (a tenth at most) is told by and by.
        expect(platform.rows + reserved).toBeLessThanOrEqual(dailyMax * 1.1 + 0.1 * platform.rows);
      }
      for (const gateway of gateways) await gateway.close();
      expect(platform.taken).toBe(platform.rows);
      expect(platform.meters.days[tokenClass].lent ?? {}).toEqual({});
    }),
    { numRuns: 300 },
  );
});

test('a row of a day that is over counts for nothing, the first one of a new day for that day', () => {
  const before = planStored(freshMeters(limits, nowMs), 'g', [{ tokenClass, timeMs: nowMs, tokens: 7 }]);
  const day = 86_400_000;
  const late = planStored(before, 'g', [{ tokenClass, timeMs: nowMs - day, tokens: 100 }]);
  expect(planForgotten(late, 'g').days[tokenClass].taken).toBe(7);
  const next = planStored(before, 'g', [{ tokenClass, timeMs: nowMs + day, tokens: 100 }]);
  expect(planForgotten(next, 'g').days[tokenClass]).toMatchObject({ taken: 100 });
});
