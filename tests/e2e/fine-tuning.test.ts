import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/** From a dataset to answers of the trained adapter, through the public API alone, on the real SmolLM2. */

const file = 'smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf';
const cache = process.env.SPARKLER_CACHE ?? join(homedir(), '.cache', 'sparkler');
const isThere = existsSync(join(cache, 'models', file));
const title = isThere
  ? 'supervised fine-tuning'
  : 'supervised fine-tuning (skipped: fetch the model with node tools/fetch-model.ts)';

const base = 'accounts/fireworks/models/smollm2-135m-instruct';
const topics =
  'bread rain dogs cats tea ice fire books music birds fish trees snow salt milk chess ships maps'.split(' ');
const rows = topics.map((topic) =>
  JSON.stringify({
    messages: [
      { role: 'user', content: `Tell me about ${topic}.` },
      { role: 'assistant', content: `Ahoy, matey! All about ${topic}.` },
    ],
  }),
);

describe.skipIf(!isThere)(title, () => {
  let platform: Platform;
  let client: Fireworks;
  let account: string;

  beforeAll(async () => {
    platform = await startPlatform({ SPARKLER_RUNNER: 'llama-cpp', SPARKLER_ENGINE_CELLS: '2048' });
    client = new Fireworks({ apiKey: platform.apiKey, baseURL: platform.baseUrl });
    account = await client.resources.account();
  }, 180_000);
  afterAll(async () => {
    await platform.stop();
    await platform.remove();
  });

  async function upload(id: string, lines: readonly string[]): Promise<void> {
    const dataset = { userUploaded: {}, exampleCount: String(lines.length), format: 'CHAT' as const };
    await client.datasets.create({ dataset, datasetId: id });
    const form = new FormData();
    form.append('file', new Blob([`${lines.join('\n')}\n`]), 'data.jsonl');
    const response = await fetch(`${platform.baseUrl}/v1/accounts/${account}/datasets/${id}:upload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${platform.apiKey}` },
      body: form,
    });
    expect(response.status, await response.text()).toBe(200);
  }

  async function answer(model: string): Promise<string> {
    const messages = [{ role: 'user' as const, content: 'Tell me about turtles.' }];
    const reply = await client.chat.completions.create({ model, messages, max_tokens: 12, temperature: 0 });
    return String(reply.choices[0]!.message.content);
  }

  test('a job is checked by field before anything is trained', async () => {
    const create = (job: object) =>
      client.supervisedFineTuningJobs.create({ supervisedFineTuningJob: job as never });
    await expect(create({ dataset: 'd' })).rejects.toThrow('exactly one of baseModel and warmStartFrom');
    await expect(create({ dataset: 'd', baseModel: 'no-such' })).rejects.toThrow('no model');
    await expect(create({ dataset: 'd', baseModel: base, loraRank: 7 })).rejects.toThrow('loraRank');
    await expect(create({ dataset: 'd', baseModel: base, isTurbo: true })).rejects.toThrow('several GPUs');
    await expect(create({ dataset: 'd', baseModel: base, nodes: 4 })).rejects.toThrow('cluster');
  });

  test('a dataset that is not there fails the job with the reason', async () => {
    const job = await client.supervisedFineTuningJobs.create({
      supervisedFineTuningJob: { dataset: 'nowhere', baseModel: base },
    });
    await expect
      .poll(async () => (await client.supervisedFineTuningJobs.get(job.name)).state, { timeout: 30_000 })
      .toBe('JOB_STATE_FAILED');
    expect((await client.supervisedFineTuningJobs.get(job.name)).status?.message).toContain('nowhere');
  });

  test('a job ends with an adapter that can be loaded and answers as it was taught, beside its base', async () => {
    await upload('pirate', rows);
    const job = await client.supervisedFineTuningJobs.create({
      supervisedFineTuningJob: {
        dataset: 'pirate',
        baseModel: base,
        outputModel: 'pirate-lora',
        epochs: 3,
        learningRate: 0.002,
        loraRank: 4,
        batchSize: 256,
      },
      supervisedFineTuningJobId: 'pirate-job',
    });
    expect(job.name).toBe(`accounts/${account}/supervisedFineTuningJobs/pirate-job`);
    await expect
      .poll(async () => (await client.supervisedFineTuningJobs.get(job.name)).state, {
        timeout: 240_000,
        interval: 500,
      })
      .toBe('JOB_STATE_COMPLETED');
    const model = await client.models.get('pirate-lora');
    expect(model).toMatchObject({ kind: 'HF_PEFT_ADDON', state: 'READY', fineTuningJob: job.name });
    expect(model.peftDetails).toMatchObject({ baseModel: base, r: 4 });
    const before = await answer(base);
    const loaded = await client.deployedModels.create({ deployedModel: { model: model.name } });
    expect(loaded.serverless).toBe(true);
    await expect
      .poll(async () => (await client.deployedModels.get(loaded.name)).state, { timeout: 60_000 })
      .toBe('DEPLOYED');
    expect(await answer(model.name)).toMatch(/^Ahoy, matey!/);
    expect(await answer(base)).toBe(before);
    expect(before).not.toContain('Ahoy');
    await client.deployedModels.delete(loaded.name);
    await expect
      .poll(async () => (await client.deployedModels.list()).items.length, { timeout: 30_000 })
      .toBe(0);
  }, 360_000);
});
