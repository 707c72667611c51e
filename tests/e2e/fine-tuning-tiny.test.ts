import { dirname } from 'node:path';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProcessorSpeed } from '../../packages/server/src/launch/processor-speed.ts';
import { type FakeWandb, startFakeWandb } from './fake-wandb.ts';
import {
  makeChats,
  readTrainerEvents,
  startTinyTuning,
  type TinyTuning,
  tinyBase,
} from './fine-tuning-tiny.ts';

/** Fine-tuning jobs through the public API, on a random model that trains in seconds. */

let tuning: TinyTuning;
let wandb: FakeWandb;
beforeAll(async () => {
  wandb = await startFakeWandb();
  tuning = await startTinyTuning({ WANDB_BASE_URL: wandb.url });
  await tuning.upload('chats', makeChats(40));
}, 120_000);
afterAll(() => tuning.stop());

const nameOf = (id: string) => `accounts/${tuning.account}/supervisedFineTuningJobs/${id}`;

const settings = {
  dataset: 'chats',
  baseModel: tinyBase,
  epochs: 1.5,
  learningRate: 0.02,
  loraRank: 4,
  batchSize: 128,
  evalAutoCarveout: true,
};

function create(id: string, change: object = {}) {
  return tuning.client.supervisedFineTuningJobs.create({
    supervisedFineTuningJob: { ...settings, ...change } as never,
    supervisedFineTuningJobId: id,
  });
}

/** What the account owes; the books are in balance, and the month's budget has it too. */
async function owed(): Promise<number> {
  const { rows } = await sql<{ owed: string; books: string }>`
    select (select coalesce(sum(amount_nanos), 0)::text from ledger_entries
      where ledger_account = ${`receivable/${tuning.account}`}) as owed,
      (select coalesce(sum(amount_nanos), 0)::text from ledger_entries) as books`.execute(tuning.database.db);
  expect(rows[0]!.books).toBe('0');
  return Number(rows[0]!.owed);
}

/** Nano-dollars of a google.type.Money. */
const nanos = (money?: { units?: string; nanos?: number } | null) =>
  Number(money?.units) * 1e9 + Number(money?.nanos);

describe('before a job', () => {
  test('its data, learned parts, price and time are told, and nothing is kept', async () => {
    const preview = await tuning.client.supervisedFineTuningJobs.preview(settings as never);
    expect(preview.report).toMatchObject({ rows: 40, examples: 36, evaluationExamples: 4, refused: [] });
    expect(preview.isPartial).toBe(false);
    const { segments = [] } = preview.samples![0]!;
    const learned = segments.filter((segment) => segment.supervised).map((segment) => segment.text);
    expect(learned).toEqual(['aye aye<|im_end|>']);
    expect(segments.map((segment) => segment.text).join('')).toContain('question 0');
    const tokens = Number(preview.report!.tokens);
    expect(Number(preview.trainedTokens)).toBe(Math.round(1.5 * tokens));
    // 0.5 USD a million tokens for a model of this size.
    expect(nanos(preview.estimatedCost)).toBe(Number(preview.trainedTokens) * 500);
    expect(preview.estimatedDuration).toMatch(/^\d+s$/);
    const jobs = await tuning.client.supervisedFineTuningJobs.list();
    expect(jobs.items).toEqual([]);
  });

  test('the time is told from what this processor was measured to compute, once', async () => {
    await tuning.client.supervisedFineTuningJobs.preview(settings as never);
    const speed = openProcessorSpeed(dirname(dirname(tuning.jobFolder('any'))));
    expect(await speed.read()).toBeGreaterThan(0);
    const seconds = async (flopsPerThread: number) => {
      await speed.write(flopsPerThread);
      const preview = await tuning.client.supervisedFineTuningJobs.preview(settings as never);
      expect(await speed.read()).toBe(flopsPerThread);
      return Number.parseInt(preview.estimatedDuration!, 10);
    };
    // So slow that whole seconds do not blur it.
    const slow = await seconds(1_000);
    expect(slow).toBeGreaterThan(1_000);
    expect(slow / (await seconds(4_000))).toBeCloseTo(4, 2);
  });
});

describe('a job', () => {
  test('runs from data to an adapter that is served; its losses, events and bill can be read', async () => {
    const before = await owed();
    const made = await create('whole', { outputModel: 'whole-lora', epochs: 2.5 });
    expect(made.epochs).toBe(2.5);
    const job = await tuning.waitFor(made.name, 'JOB_STATE_COMPLETED');
    expect(job).toMatchObject({ jobProgress: { percent: 100, epoch: 2 }, status: { code: 'OK' } });

    const { events = [] } = await tuning.client.supervisedFineTuningJobs.getEvents(made.name);
    expect(events.map((event) => event.message).filter(Boolean)[0]).toContain('40 rows: 36 examples');
    const last = events.at(-1)!;
    expect(last.message).toBe('training ended: completed');
    const later = await tuning.client.supervisedFineTuningJobs.getEvents(made.name, {
      afterSequence: events.at(-2)!.sequence,
    });
    expect(later.events).toEqual([last]);

    const url = String(job.metricsFileSignedUrl);
    const lines = (await (await fetch(url)).text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const steps = lines.filter((line) => line.type === 'metric');
    const evals = lines.filter((line) => line.type === 'eval');
    expect(steps.map((line) => line.step)).toEqual(steps.map((_, index) => index + 1));
    expect(evals.at(-1).evalLoss).toBeLessThan(0.9 * evals[0].evalLoss);
    expect(lines.length).toBe(events.filter((event) => event.metrics && event.type !== 'checkpoint').length);
    const csv = (await (await fetch(url.replace('.jsonl', '.csv'))).text()).trim().split('\n');
    expect(csv[0]).toMatch(/^step,train_loss,train_mean_token_accuracy,valid_loss,/);
    expect(csv).toHaveLength(1 + 1 + steps.length);
    expect(Number(csv[2]!.split(',')[1])).toBe(steps[0].trainLoss);
    const log = await (await fetch(String(job.trainerLogsSignedUrl))).text();
    expect(log.trim().split('\n')).toHaveLength(events.length);
    expect(log).toContain(`trainLoss=${steps[0].trainLoss}`);
    expect(log).toContain('training ended: completed');
    expect(log).not.toContain('question');
    expect((await fetch(url.replace('/whole/', '/other/'))).status).toBe(403);
    expect((await fetch(url.replace(/signature=.{4}/, 'signature=AAAA'))).status).toBe(403);

    const trained = job.jobProgress!.inputTokens!;
    expect(nanos(job.estimatedCost)).toBe(trained * 500);
    await expect.poll(async () => (await owed()) - before, { timeout: 30_000 }).toBe(trained * 500);

    const model = await tuning.client.models.get('whole-lora');
    expect(model).toMatchObject({ kind: 'HF_PEFT_ADDON', state: 'READY', fineTuningJob: made.name });
    const loaded = await tuning.client.deployedModels.create({ deployedModel: { model: model.name } });
    await expect
      .poll(async () => (await tuning.client.deployedModels.get(loaded.name)).state, { timeout: 60_000 })
      .toBe('DEPLOYED');
    const ask = async (name: string) => {
      const messages = [{ role: 'user' as const, content: 'question 3' }];
      const body = { model: name, messages, max_tokens: 8, temperature: 0 };
      return (await tuning.client.chat.completions.create(body)).choices[0]!.message.content;
    };
    expect(await ask(model.name)).not.toEqual(await ask(tinyBase));
    await tuning.client.deployedModels.delete(loaded.name);
  }, 180_000);

  test('goes on where its parent ended', async () => {
    const child = await create('child', { baseModel: '', warmStartFrom: 'whole-lora', epochs: 1 });
    await tuning.waitFor(child.name, 'JOB_STATE_COMPLETED');
    const firstLoss = async (id: string) => {
      const { events = [] } = await tuning.client.supervisedFineTuningJobs.getEvents(nameOf(id));
      return events.filter((event) => event.type === 'eval').map((event) => event.metrics!.evalLoss!);
    };
    expect((await firstLoss('child'))[0]!).toBeCloseTo((await firstLoss('whole')).at(-1)!, 5);
  }, 120_000);

  test('killed, paused and cancelled on the way, and resumed, makes the adapter of an undisturbed one', async () => {
    const change = { epochs: 20 };
    const plain = await create('plain', { ...change, outputModel: 'plain-lora' });
    await tuning.waitFor(plain.name, 'JOB_STATE_COMPLETED');
    const job = await create('disturbed', { ...change, outputModel: 'disturbed-lora' });
    const folder = tuning.jobFolder('disturbed');
    const stepsOf = async () => (await readTrainerEvents(folder)).filter((event) => event.type === 'metric');
    /** Waits until the job's n-th trainer is some steps on its way. */
    const underWay = (trainer: number, steps: number) =>
      expect
        .poll(
          async () => {
            const all = await readTrainerEvents(folder);
            const starts = all.flatMap((event, index) => (event.type === 'started' ? [index] : []));
            if (starts.length !== trainer) return 0;
            return all.slice(starts.at(-1)).filter((event) => event.type === 'metric').length;
          },
          { timeout: 60_000, interval: 5 },
        )
        .toBeGreaterThanOrEqual(steps);
    const signal = async (name: NodeJS.Signals) => {
      const started = (await readTrainerEvents(folder)).findLast((event) => event.type === 'started');
      process.kill(started!.pid!, name);
    };
    /** Asks for it while the trainer stands still, so that the job is not over before it is heard. */
    const interrupt = async (method: 'pause' | 'cancel', state: string) => {
      await signal('SIGSTOP');
      await tuning.client.supervisedFineTuningJobs[method](job.name);
      const isSeen = async () => {
        const { rows } = await sql<{ seen: boolean }>`
          select observed_generation = generation as seen from fine_tuning_jobs
          where name = ${job.name}`.execute(tuning.database.db);
        return rows[0]!.seen;
      };
      await expect.poll(isSeen, { timeout: 30_000, interval: 20 }).toBe(true);
      const before = (await stepsOf()).length;
      await signal('SIGCONT');
      await tuning.waitFor(job.name, state);
      return (await stepsOf()).length - before;
    };
    await underWay(1, 22);
    await signal('SIGKILL');
    await underWay(2, 5);
    // The step that runs may end.
    expect(await interrupt('pause', 'JOB_STATE_PAUSED')).toBeLessThanOrEqual(1);
    await tuning.client.supervisedFineTuningJobs.resume(job.name);
    await underWay(3, 3);
    expect(await interrupt('cancel', 'JOB_STATE_CANCELLED')).toBeLessThanOrEqual(1);
    await tuning.client.supervisedFineTuningJobs.resume(job.name);
    await tuning.waitFor(job.name, 'JOB_STATE_COMPLETED');
    expect(await tuning.readAdapter('disturbed-lora')).toEqual(await tuning.readAdapter('plain-lora'));
    const { events = [] } = await tuning.client.supervisedFineTuningJobs.getEvents(job.name);
    const steps = events.filter((event) => event.type === 'metric').map((event) => event.metrics!.step);
    expect(steps).toEqual(steps.map((_, index) => index + 1));
    // What was trained once is paid for once, however often it was trained again.
    const tokens = (await tuning.client.supervisedFineTuningJobs.get(plain.name)).jobProgress!.inputTokens!;
    const charged = async () => {
      const { rows } = await sql<{ charged: number }>`
        select charged_tokens as charged from training_meters where job = ${job.name}`.execute(
        tuning.database.db,
      );
      return rows[0]?.charged;
    };
    await expect.poll(charged, { timeout: 30_000 }).toBe(tokens);
  }, 240_000);
});

describe('a job that reports to Weights & Biases', () => {
  const key = 'wandb-key-0123456789abcdef';
  const wandbConfig = { enabled: true, apiKey: key, project: 'My Project', entity: 'my-org' };

  test('has its losses there; the key is shown and stored nowhere', async () => {
    const made = await create('reported', { wandbConfig, outputModel: 'reported-lora' });
    const job = await tuning.waitFor(made.name, 'JOB_STATE_COMPLETED');
    const run = 'my-org/My Project/reported';
    await expect.poll(() => wandb.ended.get(run), { timeout: 30_000 }).toBe(0);
    expect([...wandb.authorizations]).toEqual([`Basic ${Buffer.from(`api:${key}`).toString('base64')}`]);
    expect(JSON.parse(String(wandb.runs[0]!.config))).toMatchObject({ lora_rank: { value: 4 } });
    const { events = [] } = await tuning.client.supervisedFineTuningJobs.getEvents(made.name);
    const sent = wandb.history.get(run)!;
    expect(sent).toHaveLength(events.filter((event) => ['metric', 'eval'].includes(event.type!)).length);
    const losses = events.filter((event) => event.type === 'metric').map((event) => event.metrics!.trainLoss);
    expect(sent.flatMap((line) => line['train/loss'] ?? [])).toEqual(losses);
    const known = await tuning.client.supervisedFineTuningJobs.get(made.name);
    expect(known.wandbConfig).toMatchObject({ enabled: true, project: 'My Project', entity: 'my-org' });
    expect(known.wandbConfig!.url).toBe(`${wandb.url}/my-org/My%20Project/runs/reported`);
    const { rows } = await sql<{ text: string }>`
      select (select string_agg(fine_tuning_jobs::text, '') from fine_tuning_jobs)
        || (select string_agg(audit_logs::text, '') from audit_logs) as text`.execute(tuning.database.db);
    const secrets = [key, Buffer.from(key).toString('base64')];
    for (const text of [rows[0]!.text, JSON.stringify([made, job]), tuning.platform.logLines.join('')]) {
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  }, 120_000);

  test('is not held up or failed by a server that is gone', async () => {
    await wandb.close();
    const made = await create('unreported', { wandbConfig, outputModel: 'unreported-lora' });
    await tuning.waitFor(made.name, 'JOB_STATE_COMPLETED');
    const warning = async () => {
      const { events = [] } = await tuning.client.supervisedFineTuningJobs.getEvents(made.name);
      return events.find((event) => event.level === 'warning')?.message;
    };
    await expect.poll(warning, { timeout: 30_000 }).toContain('takes no metrics');
    expect(await warning()).not.toContain(key);
  }, 120_000);

  test('says nothing unless it is asked to, and wants a key when it is', async () => {
    const before = wandb.runs.length;
    const made = await create('silent', {
      wandbConfig: { enabled: false, apiKey: key },
      outputModel: 'silent-lora',
    });
    await tuning.waitFor(made.name, 'JOB_STATE_COMPLETED');
    expect(wandb.runs).toHaveLength(before);
    await expect(create('keyless', { wandbConfig: { enabled: true } })).rejects.toThrow('wandbConfig.apiKey');
  }, 120_000);
});
