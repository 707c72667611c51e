import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyCheckpoint, writeTinyPeftFolder } from '@sparkler/llama';
import OpenAI from 'openai';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningServer, startServer } from '../../packages/server/src/main.ts';
import { loadSettings } from '../../packages/server/src/settings-load.ts';

/**
 * What the guide "Uploading a custom model" does, on a whole server with real engines: a base model in
 * Hugging Face form and a LoRA addon for it are uploaded, deployed and asked; the addon is merged, and the
 * model asked at 8 bits.
 */
let server: RunningServer;
let folder: string;
let apiKey: string;
let openai: OpenAI;
const log: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-guide-'));
  await writeTinyCheckpoint(join(folder, 'base'));
  const shape = { dim: 64, layers: 3, heads: 8, kvHeads: 2, feedForward: 96 };
  await writeTinyPeftFolder(join(folder, 'addon'), { ...shape, rank: 8, alpha: 16 });
  const { settings } = loadSettings({
    SPARKLER_DATA: join(folder, 'data'),
    SPARKLER_CACHE: join(folder, 'cache'),
    SPARKLER_MODEL: '',
    SPARKLER_PORT: '0',
    SPARKLER_ENGINE_THREADS: '1',
    SPARKLER_ENGINE_CELLS: '1024',
    SPARKLER_ENGINE_SEQUENCES: '4',
    SPARKLER_ENGINE_BATCH_TOKENS: '64',
  });
  const logger = pino({ level: 'info' }, { write: (line: string) => void log.push(line) });
  server = await startServer(settings, { log: logger });
  apiKey = readFileSync(server.apiKeyFile, 'utf8').trim();
  openai = new OpenAI({ apiKey, baseURL: `${server.baseUrl}/inference/v1`, maxRetries: 5 });
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

const account = '/v1/accounts/local';

// biome-ignore lint/suspicious/noExplicitAny: bodies are compared as they came
async function call(method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(`${server.baseUrl}${account}${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(json)}`);
  return json;
}

async function upload(
  id: string,
  source: string,
  model: object,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  await call('POST', '/models', { modelId: id, model });
  const files = new Map<string, Buffer>();
  for (const name of await readdir(source)) files.set(name, await readFile(join(source, name)));
  for (const [name, text] of Object.entries(more)) files.set(name, Buffer.from(text));
  const filenameToSize = Object.fromEntries([...files].map(([name, data]) => [name, String(data.length)]));
  const { filenameToSignedUrls } = await call('POST', `/models/${id}:getUploadEndpoint`, { filenameToSize });
  for (const [name, data] of files) {
    const response = await fetch(filenameToSignedUrls[name], { method: 'PUT', body: new Uint8Array(data) });
    expect(response.status).toBe(200);
  }
  await call('GET', `/models/${id}:validateUpload`);
}

async function deploy(id: string, deployment: object): Promise<void> {
  const wanted = { minReplicaCount: 1, maxReplicaCount: 1, ...deployment };
  await call('POST', `/deployments?deploymentId=${id}`, wanted);
  await waitFor(`/deployments/${id}`, (found) => found.state === 'READY');
}

/** Polls a resource until it is as wanted; the last state is in the failure. */
// biome-ignore lint/suspicious/noExplicitAny: bodies are compared as they came
async function waitFor(path: string, isDone: (found: any) => boolean): Promise<any> {
  const end = Date.now() + 50_000;
  for (;;) {
    const found = await call('GET', path);
    if (isDone(found)) return found;
    if (Date.now() > end) throw new Error(`${path} is ${JSON.stringify(found)}\n${log.slice(-10).join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function waitUntilGone(path: string): Promise<void> {
  const status = async () => {
    const headers = { authorization: `Bearer ${apiKey}` };
    return (await fetch(`${server.baseUrl}${account}${path}`, { headers })).status;
  };
  await expect.poll(status, { timeout: 50_000, interval: 200 }).toBe(404);
}

const prompt = 'the answer and';

async function complete(model: string): Promise<string> {
  const answer = await openai.completions.create({ model, prompt, max_tokens: 24, temperature: 0 });
  return answer.choices[0]!.text;
}

async function firstLogprob(model: string, client = openai): Promise<number> {
  const answer = await client.completions.create({
    model,
    prompt,
    max_tokens: 1,
    temperature: 0,
    logprobs: 1,
  });
  return answer.choices[0]!.logprobs!.token_logprobs![0]!;
}

describe('a custom model', () => {
  let baseAnswer: string;
  let addonAnswer: string;

  test('is uploaded, deployed and answers under its name', async () => {
    await upload('my-base', join(folder, 'base'), { displayName: 'My base' });
    expect(await call('GET', '/models/my-base')).toMatchObject({ state: 'READY', contextLength: 512 });
    await deploy('base', { baseModel: 'accounts/local/models/my-base', enableAddons: true });
    baseAnswer = await complete('accounts/local/models/my-base');
    expect(baseAnswer.length).toBeGreaterThan(0);
    expect(await complete('accounts/local/models/my-base#accounts/local/deployments/base')).toBe(baseAnswer);
    const { deployedModelRefs } = await call('GET', '/models/my-base');
    expect(deployedModelRefs).toMatchObject([
      { deployment: 'accounts/local/deployments/base', default: true },
    ]);
  });

  test('gets an addon, which answers otherwise while the base goes on as before', async () => {
    await upload('my-addon', join(folder, 'addon'), {
      peftDetails: { baseModel: 'my-base', r: 8, targetModules: ['q_proj', 'k_proj', 'v_proj', 'o_proj'] },
    });
    const model = 'accounts/local/models/my-addon';
    await call('POST', '/deployedModels', { model, deployment: 'accounts/local/deployments/base' });
    await waitFor('/models/my-addon', (found) => found.deployedModelRefs[0]?.state === 'DEPLOYED');
    addonAnswer = await complete(model);
    expect(addonAnswer).not.toBe(baseAnswer);
    expect(await complete('accounts/local/models/my-base')).toBe(baseAnswer);
  });

  test('has its addon on a new replica before requests for it go there', async () => {
    const strict = openai.withOptions({ maxRetries: 0 });
    const model = 'accounts/local/models/my-addon';
    const wanted = await firstLogprob(model);
    const others = await firstLogprob('accounts/local/models/my-base');
    // Figures differ a little with what shares a batch; the addon and its base differ by more.
    const room = Math.abs(wanted - others) / 4;
    expect(room).toBeGreaterThan(0.001);
    const problems: string[] = [];
    const ask = async () => {
      const found = await firstLogprob(model, strict);
      if (Math.abs(found - wanted) > room) problems.push(`${found}, not ${wanted}`);
    };
    await call('PATCH', '/deployments/base', { minReplicaCount: 2, maxReplicaCount: 2 });
    const [loaded] = (await call('GET', '/deployedModels?filter=model:"my-addon"')).deployedModels;
    const path = loaded.name.replace('accounts/local', '');
    const asked: Promise<void>[] = [];
    await waitFor(path, ({ status }) => {
      asked.push(ask().catch((error: Error) => void problems.push(error.message)));
      return status.message === 'loaded on 2 of 2 replicas';
    });
    await Promise.all([...asked, ask()]);
    expect(problems).toEqual([]);
    await call('PATCH', '/deployments/base', { minReplicaCount: 1, maxReplicaCount: 1 });
  });

  test('talks in the chat template that its addon brought in fireworks.json', async () => {
    const template = '{% for message in messages %}<{{ message.role }}> {{ message.content }}{% endfor %} ->';
    const args = { template };
    await upload(
      'my-chatty',
      join(folder, 'addon'),
      { peftDetails: { baseModel: 'my-base', r: 8, targetModules: ['q_proj'] } },
      { 'fireworks.json': JSON.stringify({ conversation_config: { style: 'jinja', args } }) },
    );
    const model = 'accounts/local/models/my-chatty';
    const deployment = 'accounts/local/deployments/base';
    const loaded = await call('POST', '/deployedModels', { model, deployment });
    const path = loaded.name.replace('accounts/local', '');
    await waitFor(path, ({ state }) => state === 'DEPLOYED');
    const messages = [{ role: 'user' as const, content: 'the answer' }];
    const asked = { model, messages, max_tokens: 1, temperature: 0, echo: true };
    const answer = await openai.chat.completions.create(
      asked as Parameters<typeof openai.chat.completions.create>[0],
    );
    expect(JSON.stringify(answer)).toContain('<user> the answer ->');
    await call('DELETE', path);
    await waitUntilGone(path);
    await expect(complete(model)).rejects.toMatchObject({ status: 403 });
    expect(await complete('accounts/local/models/my-addon')).not.toBe('');
    expect(await complete('accounts/local/models/my-base')).not.toBe('');
  });

  test('is merged with its addon into a model that answers as the addon does', async () => {
    const job = await call('POST', '/PeftMergeJobs', { peftModel: 'my-addon', mergedModel: 'my-merged' });
    expect(job.state).toBe('JOB_STATE_PENDING');
    expect(await call('GET', '/models/my-merged')).toMatchObject({ state: 'UPLOADING' });
    const path = job.name.replace('accounts/local', '');
    await waitFor(path, (found) => {
      if (found.state === 'JOB_STATE_FAILED') throw new Error(found.status.message);
      return found.state === 'JOB_STATE_COMPLETED';
    });
    expect((await call('GET', '/PeftMergeJobs')).peftMergeJobs).toHaveLength(1);
    await deploy('merged', { baseModel: 'accounts/local/models/my-merged' });
    expect(await complete('accounts/local/models/my-merged')).toBe(addonAnswer);
  });

  test('is prepared at 8 bits, which its precisions and status tell', async () => {
    await call('POST', '/models/my-base:prepare', { precision: 'FP8' });
    const model = await waitFor('/models/my-base', (found) => found.precisions.includes('FP8'));
    expect(model.status.message).toContain('q8_0');
    await call('POST', '/models/my-base:prepare', { precision: 'FP8' });
    expect((await call('GET', '/models/my-base')).precisions).toEqual(['FP16', 'FP8']);
    const unprepared = { baseModel: 'accounts/local/models/my-merged', precision: 'FP8' };
    await expect(call('POST', '/deployments', unprepared)).rejects.toThrow('was not prepared for FP8');
    await deploy('eight-bits', { baseModel: 'accounts/local/models/my-base', precision: 'FP8' });
    const atEightBits = 'accounts/local/models/my-base#accounts/local/deployments/eight-bits';
    const [whole, rounded] = [
      await firstLogprob('accounts/local/models/my-base'),
      await firstLogprob(atEightBits),
    ];
    expect(rounded).not.toBe(whole);
    expect(Math.abs(rounded - whole)).toBeLessThan(0.5);
  });

  test('is not removed while it is deployed, and leaves no files when it is', async () => {
    await expect(call('DELETE', '/models/my-merged')).rejects.toThrow('is deployed');
    await upload('short-lived', join(folder, 'base'), {});
    const place = join(folder, 'data/blobs/objects/sealed/models/local/short-lived');
    expect(await readdir(place)).toHaveLength(1);
    await call('DELETE', '/models/short-lived');
    const left = () => readdir(place).catch(() => []);
    await expect.poll(left, { timeout: 40_000 }).toEqual([]);
  });
});
