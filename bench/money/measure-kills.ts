import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sql } from 'kysely';
import {
  askUntilAnswered,
  makeDataFolder,
  removeFolder,
  startTestServer,
} from '../../packages/server/src/bootstrap/testing.ts';
import { type Database, openDatabase } from '../../packages/server/src/store/database.ts';
import { type BenchRow, makeRow } from '../bench-row.ts';
import { createDraw, type Draw, drawBetween, readSeed } from './draw.ts';
import { type Kill, type MortalGateway, startMortalGateway } from './mortal-gateway.ts';
import { drawBody, type LoadCounts, sendUntilAnswered } from './send-money-load.ts';
import {
  explainDifference,
  findEngine,
  kinds,
  readBilledTokens,
  readEngineTokens,
  readLeft,
  type Tokens,
} from './token-books.ts';

/** Nano-dollars a gateway: room for all its requests at their worst, and for what it borrows ahead. */
const budgetPerGateway = 50_000_000;

interface Plan {
  readonly gateways: number;
  /** At once, through each gateway. */
  readonly requests: number;
  /** Of each gateway. */
  readonly kills: number;
}

interface Outcome {
  readonly billed: number;
  readonly counted: number;
  /** Of prompt, cached and generated tokens each, regardless of the sign. */
  readonly difference: number;
  readonly left: { readonly billed: number; readonly lost: number };
  /** The most that was spent or lent at any moment, nano-dollars. */
  readonly mostNanos: number;
  readonly budgetNanos: number;
}

/**
 * Gateways on one Postgres before one engine process, all of them killed again and again under many short
 * requests, until their budget is spent: is what was billed what the engine did, to the token?
 */
export async function measureKills(quick: boolean, tell: (text: string) => void): Promise<BenchRow[]> {
  const plan = quick ? { gateways: 2, requests: 60, kills: 1 } : { gateways: 4, requests: 250, kills: 3 };
  const outcome = await runKills(plan, tell);
  const { billed, counted, difference, left, mostNanos, budgetNanos } = outcome;
  const absolute = { anchor: null, anchorName: null, ratio: null };
  const killed = `${plan.gateways} gateways killed ${plan.gateways * plan.kills} times`;
  return [
    makeRow({
      metric: `tokens billed, ${killed} under ${plan.gateways * plan.requests} requests at once`,
      unit: 'tokens',
      ours: billed,
      anchor: counted,
      anchorName: 'tokens the engine counted',
      goal: '>= 1',
    }),
    {
      ...absolute,
      metric: 'prompt, cached and generated tokens billed other than counted',
      unit: 'tokens',
      ours: difference,
      goal: '<= 0 tokens',
      holds: difference === 0,
    },
    {
      ...absolute,
      metric: 'requests under way in a killed gateway, billed by its next life',
      unit: 'requests',
      ours: left.billed,
      goal: '>= 1 requests',
      holds: left.billed >= 1,
    },
    makeRow({
      metric: 'most that was spent and lent at any moment',
      unit: 'nano-dollars',
      ours: mostNanos,
      anchor: budgetNanos,
      anchorName: 'the budget',
      goal: '<= 1',
    }),
  ];
}

async function runKills(plan: Plan, tell: (text: string) => void): Promise<Outcome> {
  const seed = readSeed();
  tell(`${plan.gateways} gateways of one budget, killed by seed ${seed} (SPARKLER_BENCH_SEED=${seed})`);
  const draw = createDraw(seed);
  const scene = await openScene();
  try {
    const budgetNanos = plan.gateways * budgetPerGateway;
    await setBudget(scene.db, budgetNanos);
    const left = { billed: 0, lost: 0 };
    const countLeft = async (baseUrl: string) => {
      const { billed, lost } = await readLeft(baseUrl);
      left.billed += billed;
      left.lost += lost;
    };
    for (let index = 0; index < plan.gateways; index += 1) {
      scene.gateways.push(await startMortalGateway(scene.env, drawKills(draw, plan), countLeft));
    }
    const engine = await findEngine(scene.db);
    const before = await readBooks(scene.db, engine);
    const watch = watchSpending(scene.db);
    const counts = await spendAll(scene, draw, plan.requests);
    for (const gateway of scene.gateways) await gateway.stop();
    const mostNanos = await watch.stop();
    const after = await readBooks(scene.db, engine);
    const { answered, refused, broken, putOff } = counts;
    tell(`answered ${answered}, refused for the budget ${refused}, broken ${broken}, told to wait ${putOff}`);
    tell(`handed to the engine when killed: billed ${left.billed}, lost ${left.lost}`);
    const sums = sumUp(before, after, tell);
    if (sums.difference > 0) for (const line of await explainDifference(scene.db, engine)) tell(line);
    return { ...sums, left, mostNanos, budgetNanos };
  } finally {
    await scene.close();
  }
}

interface Scene {
  readonly db: Database;
  readonly key: string;
  /** What gateways need to be of this scene. */
  readonly env: Readonly<Record<string, string>>;
  readonly gateways: MortalGateway[];
  /** Ends and removes everything. */
  close(): Promise<void>;
}

/** A server with the database and the one engine process; no request goes through it once it serves. */
async function openScene(): Promise<Scene> {
  const dataFolder = await makeDataFolder();
  const socketFolder = join(dataFolder, 'run', 'pg');
  const gateways: MortalGateway[] = [];
  const { db, close } = openDatabase(
    { socketFolder, user: 'sparkler', database: 'postgres' },
    () => undefined,
  );
  const closeAll = async () => {
    await close();
    for (const gateway of gateways) await gateway.remove();
    await removeFolder(dataFolder);
  };
  try {
    const server = await startTestServer({ dataFolder });
    await askUntilAnswered(server);
    const key = (await readFile(join(dataFolder, 'api-key'), 'utf8')).trim();
    const host = encodeURIComponent(socketFolder);
    const env = {
      DATABASE_URL: `postgres://sparkler@localhost/postgres?host=${host}`,
      // Most are handed to the engine at once. Of four gateways no more: its socket holds 511 new
      // connections.
      SPARKLER_RUNNING_PER_REPLICA_MAX: '120',
    };
    return { db, key, env, gateways, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
}

/** The account of the key pays from now on, and may spend so much. */
async function setBudget(db: Database, nanos: number): Promise<void> {
  await sql`update accounts set tier = 'TIER_1', own_limit_nanos = ${nanos}::bigint where id = 'local'`.execute(
    db,
  );
}

/** In each its part of the answers, so that every kill finds requests under way. */
function drawKills(draw: Draw, { kills, requests }: Plan): Kill[] {
  const part = Math.floor((requests * 0.9) / kills);
  return Array.from({ length: kills }, (_, index) => ({
    afterAnswers: index * part + drawBetween(draw, 1, part),
    delayMs: drawBetween(draw, 0, 30),
  }));
}

/** All at once; then each gateway spends until it is refused, with long prompts. */
async function spendAll({ gateways, key }: Scene, draw: Draw, requests: number): Promise<LoadCounts> {
  const counts: LoadCounts = { answered: 0, refused: 0, broken: 0, putOff: 0 };
  const send = (gateway: MortalGateway, opening?: string) =>
    sendUntilAnswered(gateway, key, drawBody(draw, opening), counts);
  await Promise.all(gateways.flatMap((gateway) => Array.from({ length: requests }, () => send(gateway))));
  const drain = async (gateway: MortalGateway) => {
    while ((await send(gateway, `${draw()} ${'long '.repeat(300)}`)) === 'answered');
  };
  await Promise.all(gateways.flatMap((gateway) => Array.from({ length: 8 }, () => drain(gateway))));
  return counts;
}

/** The most that is spent or lent, or stands on the bill, while it looks; in nano-dollars. */
function watchSpending(db: Database): { stop(): Promise<number> } {
  let most = 0;
  const look = async () => {
    const { rows } = await sql<{ nanos: number | null }>`
      select greatest(
        (select sum(settled_nanos + leased_nanos) from spend_periods where account = 'local'),
        (select sum(cost_nanos) from usage where account = 'local')
      )::float8 as nanos`.execute(db);
    most = Math.max(most, rows[0]!.nanos ?? 0);
  };
  const stopped = new AbortController();
  const watching = (async () => {
    while (!stopped.signal.aborted) {
      await look();
      await sleep(50);
    }
  })();
  // A failed look is told by `stop`.
  watching.catch(() => undefined);
  return {
    async stop() {
      stopped.abort();
      await watching;
      await look();
      return most;
    },
  };
}

interface Books {
  readonly billed: Tokens;
  readonly counted: Tokens;
}

async function readBooks(db: Database, engine: string): Promise<Books> {
  return { billed: await readBilledTokens(db), counted: await readEngineTokens(engine) };
}

function sumUp(before: Books, after: Books, tell: (text: string) => void) {
  const sums = { billed: 0, counted: 0, difference: 0 };
  for (const kind of kinds) {
    const billed = after.billed[kind] - before.billed[kind];
    const counted = after.counted[kind] - before.counted[kind];
    tell(`${kind} tokens: billed ${billed}, counted ${counted}`);
    sums.billed += billed;
    sums.counted += counted;
    sums.difference += Math.abs(billed - counted);
  }
  return sums;
}
