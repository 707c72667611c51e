import { readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  findProcess,
  findProcessesOn,
  makeDataFolder,
  removeFolder,
  startTestServer,
  stopServer,
  type TestServer,
} from '../../packages/server/src/bootstrap/testing.ts';
import {
  connectTuning,
  makeChats,
  readTrainerEvents,
  type TinyCatalogue,
  type TuningServer,
  tinyBase,
  writeTinyCatalogue,
} from './fine-tuning-tiny.ts';

/** Training beside serving in one server, and after `kill -9` of that server. */

let dataFolder: string;
let tiny: TinyCatalogue;
let server: TestServer;
let tuning: TuningServer;

async function start(): Promise<void> {
  server = await startTestServer({ dataFolder, env: { ...tiny.variables, SPARKLER_ENGINE_THREADS: '1' } });
  const apiKey = readFileSync(join(dataFolder, 'api-key'), 'utf8').trim();
  tuning = await connectTuning({ baseUrl: server.baseUrl, apiKey, dataFolder });
}

beforeAll(async () => {
  dataFolder = await makeDataFolder();
  tiny = await writeTinyCatalogue();
  await start();
  await tuning.upload('chats', makeChats(40));
  // Work that no machine is done with before the test has looked.
  await tuning.upload('many', makeChats(400));
}, 120_000);
afterAll(async () => {
  await tuning.database.close();
  await stopServer(server);
  await removeFolder(dataFolder);
  await rm(tiny.folder, { recursive: true, force: true });
});

const create = (id: string, change: object = {}) =>
  tuning.client.supervisedFineTuningJobs.create({
    supervisedFineTuningJob: {
      dataset: 'chats',
      baseModel: tinyBase,
      outputModel: `${id}-lora`,
      // Long enough that the signal comes before the end also where the test is held up.
      epochs: 15,
      learningRate: 0.02,
      loraRank: 4,
      batchSize: 128,
      ...change,
    } as never,
    supervisedFineTuningJobId: id,
  });

const stepsOf = async (id: string) =>
  (await readTrainerEvents(tuning.jobFolder(id))).filter((event) => event.type === 'metric').length;
const untilSteps = (id: string, steps: number) =>
  expect.poll(() => stepsOf(id), { timeout: 60_000, interval: 10 }).toBeGreaterThanOrEqual(steps);

async function lossesOf(name: string) {
  const { events = [] } = await tuning.client.supervisedFineTuningJobs.getEvents(name);
  return events.flatMap(({ metrics }) => (metrics?.trainLoss ? [[metrics.step, metrics.trainLoss]] : []));
}

/**
 * Tokens that the account pays for as training of the jobs `plain` and `killed`, after the clock charged
 * them.
 */
async function chargedTokens(): Promise<number> {
  const { rows } = await sql<{ owed: number }>`
    select coalesce(sum(amount_nanos), 0)::bigint as owed
    from ledger_entries join ledger_transactions on id = transaction_id
    where kind = 'training' and ledger_account = ${`receivable/${tuning.account}`}
      and detail->>'job' ~ '/(plain|killed)$'`.execute(tuning.database.db);
  // 500 nano-dollars a token of a model of this size.
  return Number(rows[0]!.owed) / 500;
}

const ask = async () => {
  const messages = [{ role: 'user' as const, content: 'question 3' }];
  const answer = await tuning.client.chat.completions.create({ model: tinyBase, messages, max_tokens: 8 });
  expect(answer.choices).toHaveLength(1);
};

/** Its priority: 0 is usual, 19 the last in line (proc(5), field 19). */
function niceOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return Number(fields[16]);
}

test('a job trains while its model is served, at a lower priority, and its crash hurts no request', async () => {
  const job = await create('beside', { dataset: 'many', epochs: 100 });
  await untilSteps('beside', 1);
  for (let round = 0; round < 3; round++) {
    const before = await stepsOf('beside');
    await ask();
    await untilSteps('beside', before + 1);
  }
  const trainer = findProcess(dataFolder, /^\S*node \S*trainer\/src\/main\.ts/)!;
  const engine = findProcess(dataFolder, /engine\/src\/main\.ts/)!;
  expect(niceOf(engine)).toBe(niceOf(server.child.pid!));
  expect(niceOf(trainer)).toBe(Math.min(19, niceOf(engine) + 10));
  const messages = [{ role: 'user' as const, content: 'go on' }];
  const asked = { model: tinyBase, messages, max_tokens: 200, ignore_eos: true };
  const stream = await tuning.client.chat.completions.create({ ...asked, stream: true });
  let tokens = 0;
  for await (const chunk of stream) {
    if (tokens === 0) process.kill(trainer, 'SIGKILL');
    tokens = Math.max(tokens + 1, chunk.usage?.completion_tokens ?? 0);
  }
  expect(tokens).toBeGreaterThanOrEqual(200);
  await ask();
  // It comes back by itself.
  await expect
    .poll(() => findProcess(dataFolder, /^\S*node \S*trainer\/src\/main\.ts/), { timeout: 60_000 })
    .toBeDefined();
  await tuning.client.supervisedFineTuningJobs.cancel(job.name);
  await tuning.waitFor(job.name, 'JOB_STATE_CANCELLED');
}, 180_000);

test('a job whose server is killed goes on in the next one, bit for bit, and is paid for once', async () => {
  const plain = await create('plain');
  const { jobProgress } = await tuning.waitFor(plain.name, 'JOB_STATE_COMPLETED');
  const tokens = jobProgress!.inputTokens!;
  const job = await create('killed');
  // A checkpoint is written every 20 steps.
  await untilSteps('killed', 23);
  const trainer = findProcess(dataFolder, /^\S*node \S*trainer\/src\/main\.ts/)!;
  process.kill(trainer, 'SIGSTOP');
  const before = await stepsOf('killed');
  await tuning.database.close();
  server.child.kill('SIGKILL');
  await expect.poll(() => findProcessesOn(dataFolder), { timeout: 30_000 }).toEqual([]);
  await start();
  await tuning.waitFor(job.name, 'JOB_STATE_COMPLETED');
  const started = (await readTrainerEvents(tuning.jobFolder('killed'))).filter(
    ({ type }) => type === 'started',
  );
  expect(started).toHaveLength(2);
  // A step is told before its checkpoint is written: the signal may have come between the two.
  const last = 20 * Math.floor(before / 20);
  expect([last, last === before ? last - 20 : last]).toContain(started[1]!.resumedFromStep);
  expect(await lossesOf(job.name)).toEqual(await lossesOf(plain.name));
  expect((await lossesOf(job.name)).map(([step]) => step)).toEqual(
    (await lossesOf(job.name)).map((_, index) => index + 1),
  );
  expect(await tuning.readAdapter('killed-lora')).toEqual(await tuning.readAdapter('plain-lora'));
  await expect.poll(chargedTokens, { timeout: 60_000 }).toBe(2 * tokens);

  // Made anew under its name it is another job: trained again, and paid for itself.
  await tuning.client.supervisedFineTuningJobs.delete(job.name);
  await tuning.client.models.delete('killed-lora');
  const again = async () => {
    try {
      return (await create('killed')).name;
    } catch (error) {
      expect(String(error)).toMatch(/is still being deleted/);
      return null;
    }
  };
  await expect.poll(again, { timeout: 30_000 }).toBe(job.name);
  await tuning.waitFor(job.name, 'JOB_STATE_COMPLETED');
  expect(await lossesOf(job.name)).toEqual(await lossesOf(plain.name));
  expect(await tuning.readAdapter('killed-lora')).toEqual(await tuning.readAdapter('plain-lora'));
  await expect.poll(chargedTokens, { timeout: 60_000 }).toBe(3 * tokens);
}, 240_000);

test('a suspended account has its job paused with a checkpoint, and it goes on when that is over', async () => {
  const apiKey = readFileSync(join(dataFolder, 'api-key'), 'utf8').trim();
  const operate = async <Answer>(method: string, path: string, body: object): Promise<Answer> => {
    const response = await fetch(`${server.baseUrl}/v1/accounts${path}`, {
      method,
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return (await response.json()) as Answer;
  };
  const email = 'owner@debtor.test';
  await operate('POST', '?accountId=debtor&creditUsd=0', { email, paymentMethod: 'MANUAL' });
  const user = await operate<{ name: string }>('POST', '/debtor/users?userId=owner', {
    email,
    role: 'admin',
  });
  const { key } = await operate<{ key: string }>('POST', `${user.name.slice('accounts'.length)}/apiKeys`, {
    apiKey: {},
  });
  const debtor = await connectTuning({ baseUrl: server.baseUrl, apiKey: key, dataFolder });
  try {
    await debtor.upload('many', makeChats(400));
    const jobs = debtor.client.supervisedFineTuningJobs;
    const spec = { dataset: 'many', baseModel: tinyBase, epochs: 100, loraRank: 4, batchSize: 128 };
    const createJob = (id: string) =>
      jobs.create({
        supervisedFineTuningJob: { ...spec, outputModel: `${id}-lora` } as never,
        supervisedFineTuningJobId: id,
      });
    const job = await createJob('owing');
    const eventsOf = () => readTrainerEvents(debtor.jobFolder('owing'));
    const isUnderWay = async (trainer: number) => {
      const events = await eventsOf();
      const starts = events.flatMap((event, index) => (event.type === 'started' ? [index] : []));
      const since = starts.length === trainer ? events.slice(starts.at(-1)) : [];
      return since.some((event) => event.type === 'metric');
    };
    const wait = { timeout: 60_000, interval: 20 };
    await expect.poll(() => isUnderWay(1), wait).toBe(true);
    // It waits for the other one; who paused a job by himself finds it paused.
    const held = await createJob('held');
    await jobs.pause(held.name);
    await debtor.waitFor(held.name, 'JOB_STATE_PAUSED');

    // Without a way to pay only credit can be spent, and it has none.
    await operate('PATCH', '/debtor', { paymentMethod: 'NONE' });
    const paused = await debtor.waitFor(job.name, 'JOB_STATE_PAUSED');
    expect(paused.status?.message).toContain('the account is suspended');
    expect((await eventsOf()).at(-1)).toMatchObject({ type: 'done', status: 'paused' });
    expect(findProcess(dataFolder, /^\S*node \S*trainer\/src\/main\.ts/)).toBeUndefined();
    await expect(jobs.resume(job.name)).rejects.toThrow('is suspended');
    await expect(createJob('more')).rejects.toThrow('is suspended');

    await operate('POST', '/debtor:grantCredit', { amountUsd: '50' });
    await expect.poll(() => isUnderWay(2), wait).toBe(true);
    const resumed = (await eventsOf()).findLast((event) => event.type === 'started');
    expect(resumed!.resumedFromStep).toBeGreaterThan(0);
    expect((await jobs.get(held.name)).state).toBe('JOB_STATE_PAUSED');
    for (const { name } of [job, held]) {
      await jobs.cancel(name);
      await debtor.waitFor(name, 'JOB_STATE_CANCELLED');
    }
  } finally {
    await debtor.database.close();
  }
}, 120_000);
