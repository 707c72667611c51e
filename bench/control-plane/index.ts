import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Pool } from 'undici';
import { type DatabaseAddress, openPool } from '../../packages/server/src/store/database.ts';
import { type BenchOptions, type BenchReport, type BenchRow, makeRow } from '../bench-row.ts';
import { quantile } from '../gateway/load.ts';
import { takeTurns } from '../take-turns.ts';
import { measureFiles } from './measure-files.ts';

export const name = 'control-plane';

const MODELS = 100_000;
const AT_ONCE = 8;

interface Target {
  readonly models: number;
  readonly http: Pool;
  readonly key: string;
  readonly database: ReturnType<typeof openPool>['pool'];
}

/**
 * Reads and writes of an account with 100,000 models, each beside the one statement that a program with a
 * connection to the database would run for it.
 */
export async function run(options: BenchOptions = {}): Promise<BenchReport> {
  const { quick = false, seconds = 3, tell = () => undefined } = options;
  const models = quick ? 2_000 : MODELS;
  tell(`making ${models} models`);
  const path = new URL('server-process.ts', import.meta.url).pathname;
  const child = fork(path, [String(models)], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  try {
    const [{ baseUrl, key, address }] = (await once(child, 'message')) as [
      { baseUrl: string; key: string; address: DatabaseAddress },
    ];
    const http = new Pool(baseUrl, { connections: AT_ONCE });
    const { pool: database, end } = openPool(address, AT_ONCE, (error) => tell(error.message));
    const target = { models, http, key, database };
    const rounds = quick ? 1 : 5;
    const rows = [
      ...(await measurePages(target, rounds, tell)),
      ...(await measureRates(target, rounds, seconds, tell)),
    ];
    const files = {
      http,
      call: (method: 'GET' | 'POST', path: string, body?: object) => call(target, method, path, body),
      async takePeak() {
        child.send('peak');
        const [{ peakBytes }] = (await once(child, 'message')) as [{ peakBytes: number }];
        return peakBytes;
      },
    };
    rows.push(...(await measureFiles(files, quick, tell)));
    await Promise.all([http.close(), end()]);
    return { name, rows };
  } finally {
    child.send('close');
    await once(child, 'exit');
  }
}

const base = '/v1/accounts/huge/models';

async function call(
  { http, key }: Target,
  method: 'GET' | 'POST' | 'PATCH',
  path: string,
  body?: object,
): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, ...(body ? { 'content-type': 'application/json' } : {}) };
  const reply = await http.request({ path, method, headers, body: body ? JSON.stringify(body) : null });
  const json = await reply.body.json();
  if (reply.statusCode !== 200)
    throw new Error(`${method} ${path}: ${reply.statusCode} ${JSON.stringify(json)}`);
  return json;
}

const time = async (work: () => Promise<unknown>): Promise<number> => {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
};

/** A page of 50: how long one takes in the middle, beside the same rows and their count in SQL. */
async function measurePages(
  target: Target,
  rounds: number,
  tell: (text: string) => void,
): Promise<BenchRow[]> {
  const pages: readonly (readonly [string, string, string])[] = [
    ['newest first', '', 'create_time desc'],
    ['by displayName, descending', 'orderBy=displayName%20desc', 'display_name collate "C" desc'],
    ['by contextLength', 'orderBy=contextLength', 'context_length'],
    ['by kind, descending', 'orderBy=kind%20desc', 'kind collate "C" desc'],
    ['by createdBy', 'orderBy=createdBy', 'created_by collate "C"'],
  ];
  const rows: BenchRow[] = [];
  for (const [title, query, order] of pages) {
    tell(`pages ${title}`);
    const inSql = async () => {
      const last = order.endsWith('desc') ? 'desc' : 'asc';
      await target.database.query(
        `select * from models where account = 'huge' order by ${order}, name collate "C" ${last} limit 51`,
      );
      await target.database.query(`select count(*) from models where account = 'huge'`);
    };
    const { ours: oursMs, anchor } = await takeTurns(
      rounds * 4,
      () => time(() => call(target, 'GET', `${base}?${query}`)),
      () => time(inSql),
    );
    rows.push(
      absolute(
        `page of 50 of ${target.models} models, ${title}, p50`,
        'ms',
        oursMs,
        { value: anchor, name: 'two SQL statements' },
        50,
      ),
    );
  }
  return rows;
}

function absolute(
  metric: string,
  unit: string,
  ours: number,
  anchor: { readonly value: number; readonly name: string },
  goalMax: number,
): BenchRow {
  const round = (value: number) => Number(value.toPrecision(4));
  return {
    metric,
    unit,
    ours: round(ours),
    anchor: round(anchor.value),
    anchorName: anchor.name,
    ratio: round(ours / anchor.value),
    goal: `< ${goalMax} ${unit}`,
    holds: ours < goalMax,
  };
}

/** Eight callers at once, one after another each: calls per second, and the slowest of a hundred. */
async function measureRates(
  target: Target,
  rounds: number,
  seconds: number,
  tell: (text: string) => void,
): Promise<BenchRow[]> {
  let made = 0;
  const pick = () => `m${1 + Math.floor(Math.random() * 1_000)}`;
  const { database } = target;
  const kinds = [
    {
      title: 'reads of one model',
      ours: () => call(target, 'GET', `${base}/${pick()}`),
      theirs: () =>
        database.query('select * from models where name = $1', [`accounts/huge/models/${pick()}`]),
      goal: '>= 0.1',
    },
    {
      title: 'changes of one model',
      ours: () => call(target, 'PATCH', `${base}/${pick()}`, { displayName: `n${++made}` }),
      theirs: () =>
        database.query('update models set display_name = $2, update_time = now() where name = $1', [
          `accounts/huge/models/${pick()}`,
          `n${++made}`,
        ]),
      goal: '>= 0.05',
    },
    {
      title: 'new models',
      ours: () => call(target, 'POST', base, { modelId: `new-${++made}`, model: {} }),
      theirs: () =>
        database.query(
          `insert into models (name, account, kind, state) values ($1, 'huge', 'HF_BASE_MODEL', 'UPLOADING')`,
          [`accounts/huge/models/sql-${++made}`],
        ),
      goal: '>= 0.05',
    },
  ];
  const rows: BenchRow[] = [];
  for (const { title, ours, theirs, goal } of kinds) {
    tell(title);
    const times: number[] = [];
    const rate = (work: () => Promise<unknown>, kept: number[]) => () => runFlatOut(work, seconds / 2, kept);
    const sqlTimes: number[] = [];
    const turns = await takeTurns(rounds, rate(ours, times), rate(theirs, sqlTimes));
    rows.push(
      makeRow({
        metric: `${title}, ${AT_ONCE} at once`,
        unit: '1/s',
        ...turns,
        anchorName: 'one SQL statement',
        goal,
      }),
    );
    const p99 = { value: quantile(sqlTimes, 0.99), name: 'one SQL statement' };
    rows.push(absolute(`${title}, p99`, 'ms', quantile(times, 0.99), p99, 100));
  }
  return rows;
}

/** Calls per second. */
async function runFlatOut(work: () => Promise<unknown>, seconds: number, times: number[]): Promise<number> {
  const startMs = performance.now();
  let count = 0;
  const worker = async () => {
    while (performance.now() < startMs + seconds * 1000) {
      times.push(await time(work));
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return count / ((performance.now() - startMs) / 1000);
}
