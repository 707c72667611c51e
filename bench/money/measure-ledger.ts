import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { type Database, openDatabase } from '../../packages/server/src/store/database.ts';
import { startEmbeddedPostgres } from '../../packages/server/src/store/embedded-postgres/server.ts';
import { migrate } from '../../packages/server/src/store/migrate.ts';
import { settleUsage } from '../../packages/server/src/store/settle-usage.ts';
import { createLeaseSource } from '../../packages/server/src/store/spend-leases.ts';
import { type BenchRow, makeRow } from '../bench-row.ts';
import { takeTurns } from '../take-turns.ts';

const accounts = ['a0', 'a1', 'a2', 'a3'];
const batchSize = 1000;

/** Leases and settlements a second on the embedded Postgres, with every commit on the disk. */
export async function measureLedger(quick: boolean): Promise<BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'sparkler-bench-'));
  const postgres = await startEmbeddedPostgres({
    folder: join(folder, 'postgres'),
    socketFolder: folder,
    logPath: join(folder, 'postgres.log'),
    onEvent: () => undefined,
  });
  await migrate(postgres.address);
  const { db, close } = openDatabase(postgres.address, () => undefined);
  try {
    for (const id of accounts) await sql`insert into accounts (id) values (${id})`.execute(db);
    await sql`create table bench_commits (id integer primary key, n bigint not null)`.execute(db);
    await sql`insert into bench_commits select n, 0 from generate_series(0, 3) as n`.execute(db);
    const rounds = quick ? 2 : 6;
    return [await measureLeases(db, rounds, quick ? 20 : 200), await measureSettlements(db, rounds)];
  } finally {
    await close();
    await postgres.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Four gateways that ask at once, against bare commits of one row each. */
async function measureLeases(db: Database, rounds: number, count: number): Promise<BenchRow> {
  const sources = accounts.map((_, index) =>
    createLeaseSource(db, `g${index}`, () => ({ limitNanos: 10n ** 17n, creditOnly: false })),
  );
  const perSecond = async (act: (lane: number) => Promise<unknown>) => {
    const startMs = performance.now();
    await Promise.all(
      accounts.map(async (_, lane) => {
        for (let index = 0; index < count; index += 1) await act(lane);
      }),
    );
    return (accounts.length * count * 1000) / (performance.now() - startMs);
  };
  const measured = await takeTurns(
    rounds,
    () => perSecond((lane) => sources[lane]!.extend(accounts[lane]!, '2026-11', 1000)),
    () => perSecond((lane) => sql`update bench_commits set n = n + 1 where id = ${lane}`.execute(db)),
  );
  return makeRow({
    ...measured,
    metric: 'lease renewals, 4 at once (each is 20,000,000 nano-dollars of requests)',
    unit: '1/s',
    anchorName: 'commits of one row',
    goal: '>= 0.15',
  });
}

let batches = 0;

/** Batches of 1,000 usage rows, settled, against the same rows only stored. */
async function measureSettlements(db: Database, rounds: number): Promise<BenchRow> {
  const perSecond = async (settles: boolean) => {
    const startMs = performance.now();
    await db.transaction().execute(async (transaction) => {
      const rows = makeBatch();
      await transaction
        .insertInto('usage')
        .values(rows.map((row) => row.stored))
        .execute();
      if (settles) {
        await settleUsage(
          transaction,
          'g0',
          rows.map((row) => row.usage),
        );
      }
    });
    return (batchSize * 1000) / (performance.now() - startMs);
  };
  const measured = await takeTurns(
    rounds * 2,
    () => perSecond(true),
    () => perSecond(false),
  );
  return makeRow({
    ...measured,
    metric: 'requests stored and settled, batches of 1,000 over 4 accounts',
    unit: '1/s',
    anchorName: 'the same rows stored only',
    goal: '>= 0.2',
  });
}

function makeBatch() {
  batches += 1;
  const time = new Date();
  return Array.from({ length: batchSize }, (_, index) => {
    const requestId = `${batches}-${index}`;
    const account = accounts[index % accounts.length]!;
    const names = { model: `m${index % 5}`, deployment: 'd' };
    const tokens = { promptTokens: 100, cachedPromptTokens: 0, completionTokens: 20 };
    const usage = { requestId, account, user: 'u', apiKeyId: `k${index % 3}`, ...names, ...tokens };
    return {
      usage: { ...usage, period: '2026-11', costNanos: 12_000, time },
      stored: {
        request_id: requestId,
        account,
        user_name: 'u',
        api_key_id: usage.apiKeyId,
        ...names,
        endpoint: 'chat',
        prompt_tokens: 100,
        cached_prompt_tokens: 0,
        completion_tokens: 20,
        status: 200,
        start_time: time,
        first_token_ms: null,
        duration_ms: 10,
      },
    };
  });
}
