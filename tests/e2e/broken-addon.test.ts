import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeTinyPeftFolder } from '@sparkler/llama';
import OpenAI from 'openai';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type RunningServer, startServer } from '../../packages/server/src/main.ts';
import { loadSettings } from '../../packages/server/src/settings-load.ts';
import { tinyBase, writeTinyCatalogue } from './fine-tuning-tiny.ts';

/**
 * "The final validation of the model happens during inference, not at upload time" (spec, "Inference
 * errors"): an addon for a base model that is not on this machine yet is uploaded unseen, a real engine
 * refuses it, and who asks for it gets 412 with the engine's reason.
 */

let folder: string;
let catalogue: Awaited<ReturnType<typeof writeTinyCatalogue>>;
let server: RunningServer;
let apiKey: string;
let openai: OpenAI;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-broken-addon-'));
  catalogue = await writeTinyCatalogue();
  const { settings } = loadSettings({
    ...catalogue.variables,
    // Nothing is served at first: the base is fetched when it is deployed.
    SPARKLER_MODEL: '',
    SPARKLER_DATA: join(folder, 'data'),
    SPARKLER_PORT: '0',
    SPARKLER_ENGINE_THREADS: '1',
  });
  server = await startServer(settings, { log: pino({ level: 'silent' }) });
  apiKey = readFileSync(server.apiKeyFile, 'utf8').trim();
  openai = new OpenAI({ apiKey, baseURL: `${server.baseUrl}/inference/v1`, maxRetries: 0 });
}, 60_000);
afterAll(async () => {
  await server?.close();
  await rm(folder, { recursive: true, force: true });
  await rm(catalogue.folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: bodies are compared as they came
async function call(method: string, path: string, body?: unknown): Promise<any> {
  const response = await fetch(`${server.baseUrl}/v1/accounts/local${path}`, {
    method,
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const json = await response.json();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(json)}`);
  return json;
}

/** Uploads an addon of tiny matrices; `dim` is the width of the model it was made for. */
async function upload(id: string, dim: number): Promise<void> {
  const source = join(folder, id);
  await writeTinyPeftFolder(source, { dim });
  const peftDetails = { baseModel: tinyBase, r: 4, targetModules: ['q_proj'] };
  await call('POST', '/models', { modelId: id, model: { kind: 'HF_PEFT_ADDON', peftDetails } });
  const names = await readdir(source);
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(source, name))] as const),
  );
  const filenameToSize = Object.fromEntries(files.map(([name, data]) => [name, String(data.length)]));
  const { filenameToSignedUrls } = await call('POST', `/models/${id}:getUploadEndpoint`, { filenameToSize });
  for (const [name, data] of files) {
    const response = await fetch(filenameToSignedUrls[name], { method: 'PUT', body: new Uint8Array(data) });
    expect(response.status).toBe(200);
  }
  await call('GET', `/models/${id}:validateUpload`);
  expect(await call('GET', `/models/${id}`)).toMatchObject({ state: 'READY' });
}

test('an addon that the engine refuses is a 412 with its reason; others on the same engine answer', async () => {
  await upload('fitting', 64);
  await upload('misfit', 32);
  await call('POST', '/deployments?deploymentId=shared', {
    baseModel: tinyBase,
    minReplicaCount: 1,
    maxReplicaCount: 1,
    enableAddons: true,
  });
  const deployment = 'accounts/local/deployments/shared';
  for (const id of ['misfit', 'fitting'])
    await call('POST', '/deployedModels', { model: `accounts/local/models/${id}`, deployment });
  const ask = (id: string) =>
    openai.completions.create({ model: `accounts/local/models/${id}`, prompt: 'the', max_tokens: 2 });
  // Until they are loaded, or refused, both are a 503.
  const { usage } = await vi.waitFor(() => ask('fitting'), { timeout: 60_000, interval: 200 });
  expect(usage!.prompt_tokens).toBeGreaterThan(0);
  const error = await vi.waitFor(
    async () => {
      const refused: unknown = await ask('misfit').catch((reason: unknown) => reason);
      expect(refused).toMatchObject({ status: 412, code: 'PRECONDITION_FAILED', param: 'model' });
      return refused as InstanceType<typeof OpenAI.APIError>;
    },
    { timeout: 60_000, interval: 200 },
  );
  expect(error.message).toMatch(/accounts\/local\/models\/misfit" could not be loaded: .*shape.*32.*64/);
  expect(error.message).not.toContain(folder);
  // The documented states have no failure: what can't be loaded is UNDEPLOYING, with the reason.
  const { deployedModels } = await call('GET', '/deployedModels?filter=model:"misfit"');
  expect(deployedModels).toMatchObject([{ state: 'UNDEPLOYING' }]);
  expect(error.message).toContain(deployedModels[0].status.message);
}, 150_000);
