import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createApp } from '../../packages/server/src/http/app.ts';
import { defaultGatewaySettings, type ServerContext } from '../../packages/server/src/http/context.ts';
import type { Principal } from '../../packages/server/src/http/principal.ts';
import { LeasedLimiter } from '../../packages/server/src/inference/limits/leased-limiter.ts';
import { createMemoryMeters } from '../../packages/server/src/inference/limits/memory-limiter.ts';
import {
  defaultRateLimits,
  type RateDecision,
  type Rates,
} from '../../packages/server/src/inference/limits/rate-limiter.ts';
import { tinySnapshot } from '../../packages/server/src/inference/testbed/testbed.ts';
import { defaultPriceBook } from '../../packages/server/src/ledger/price-book.ts';
import { SpendLeases } from '../../packages/server/src/ledger/spend-leases.ts';
import { hashKey } from '../../packages/server/src/store/key-hash.ts';
import { openRequests } from '../../packages/server/src/store/open-requests.ts';
import { openUsageSpool } from '../../packages/server/src/store/usage-spool.ts';

/**
 * The gateway alone in a process, on the governed path: key hashed and looked up, schema checked, rate limits
 * counted, spend reserved and settled, queue, metrics, usage spooled to disk. What is left out is what is off
 * the hot path: Postgres (budgets are lent by a lender that never runs out) and the reconcilers. Arguments:
 * replica sockets. With BENCH_GOVERNANCE=off it neither reserves spend nor records usage nor counts rates.
 * Tells its address by IPC, then its CPU time and memory for each message it gets.
 */
const [folder, ...sockets] = process.argv.slice(2);
const key = 'fw_bench';
const salt = randomBytes(32);
const principals = new Map<string, Principal>([
  [
    hashKey(salt, key).toString('base64'),
    {
      account: 'alice',
      user: 'accounts/alice/users/alice',
      role: 'user',
      apiKeyId: 'bench',
      isServiceAccount: false,
    },
  ],
]);
const spool = openUsageSpool(join(folder!, 'spool'));
const journal = openRequests(join(folder!, 'spool'), (text, error) => {
  throw new Error(text, { cause: error });
});
setInterval(() => spool.takeOldest()?.done(), 500);
const routes = tinySnapshot(sockets);
const priceClass = 'text-up-to-4b';
const snapshot = {
  ...routes,
  models: new Map([...routes.models].map(([name, model]) => [name, { ...model, priceClass }])),
};
const guard = new SpendLeases({
  source: { extend: async (_account, _period, wantNanos) => wantNanos, giveBack: async () => undefined },
  standingOf: () => ({ monthlyLimitNanos: 10n ** 15n, suspension: null }),
  now: Date.now,
});
const rates: Rates = { requests: 1e9, 'tokens-prompt': 1e12, 'tokens-generated': 1e12 };

const isGoverned = process.env.BENCH_GOVERNANCE !== 'off';
const dailyTokens = { ...defaultRateLimits.dailyTokens, 'tokens-per-day-under-40b': 1e15 };
const meters = createMemoryMeters(Date.now);
const limiter = new LeasedLimiter({
  // As a database answers: later.
  source: { renew: async (...wish) => meters.renew(...wish) },
  whenAway: null,
  now: Date.now,
  limitsOf: () => ({ minimum: rates, maximum: rates, dailyTokens }),
  aheadShare: { minute: 0.1, day: 0.001 },
  pauseMs: 250,
});
const free: RateDecision = {
  verdict: 'within',
  tokenClass: 'tokens-per-day-under-40b',
  refusedBy: null,
  headers: {},
  retryAfterSeconds: 0,
  end: () => undefined,
};

const context: ServerContext = {
  settings: { ...defaultGatewaySettings, runningPerReplicaMax: 1024, queuedPerDeploymentMax: 4096 },
  log: pino({ level: 'info' }, pino.destination(2)),
  keys: { find: (given) => principals.get(hashKey(salt, given).toString('base64')) ?? null },
  routing: { current: () => snapshot },
  usage: { record: isGoverned ? (usage) => spool.append(usage) : () => undefined },
  ...(isGoverned ? { journal, gatewayId: 'bench' } : {}),
  limiter: isGoverned ? limiter : { take: () => free },
  ...(isGoverned ? { spending: { guard, prices: defaultPriceBook } } : {}),
  metrics: new Registry(),
  wake: () => undefined,
  now: Date.now,
  newId: randomUUID,
  isReady: () => ({ ready: true, reason: null }),
};

const app = createApp(context);
const baseUrl = await app.listen({ port: 0, host: '127.0.0.1' });
process.send?.({ baseUrl });
// Memory is asked for after garbage is collected: what V8 has not bothered to free yet is no growth.
setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  collectGarbage();
  const { rss, heapUsed, external } = process.memoryUsage();
  // What collecting cost is the asking's, not the requests' that come next.
  const after = process.cpuUsage();
  process.send?.({
    cpuUs: user + system,
    cpuAfterUs: after.user + after.system,
    residentBytes: rss,
    liveBytes: heapUsed + external,
  });
});
process.on('disconnect', () => process.exit());
