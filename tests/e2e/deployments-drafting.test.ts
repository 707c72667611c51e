import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { findProcess } from '../../packages/server/src/bootstrap/testing.ts';
import type { Platform } from './start-platform.ts';
import { realModel, startRealModel } from './start-real-model.ts';

/**
 * Deployments that guess ahead, with a model or from the text: SmolLM2, which drafts for itself here.
 * Skipped, with the reason, where it can't be had.
 */

const base = `accounts/fireworks/models/${realModel}`;
let platform: Platform | null = null;
let missing: string | null = null;
let client: Fireworks;

beforeAll(async () => {
  const started = await startRealModel(realModel, { SPARKLER_ENGINE_THREADS: '1' });
  if (typeof started === 'string') {
    missing = started;
    return;
  }
  platform = started;
  client = new Fireworks({ apiKey: platform.apiKey, baseURL: platform.baseUrl, retriesMax: 0 });
}, 600_000);

beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});

afterAll(async () => {
  await platform?.stop();
  await platform?.remove();
});

async function deploy(id: string, fields: object): Promise<string> {
  const deployment = { baseModel: base, minReplicaCount: 1, ...fields };
  const made = await client.deployments.create({ deployment, deploymentId: id } as never);
  await expect
    .poll(async () => (await client.deployments.get(id)).state, { timeout: 60_000, interval: 100 })
    .toBe('READY');
  return `${base}#${made.name}`;
}

async function ask(model: string): Promise<string> {
  const prompt = 'Count: one two three one two three one two';
  const answer = await platform!.openai.completions.create({ model, prompt, max_tokens: 24, temperature: 0 });
  return answer.choices[0]!.text;
}

/** Whether an engine runs with these flags. How often it drafts, it decides by what pays on this machine. */
const engineWith = (flags: RegExp) => findProcess(platform!.dataFolder, flags) !== undefined;

test('a draft model, an n-gram length and neither give the same greedy answer', async () => {
  const plain = await ask(base);
  const drafting = await deploy('drafting', { draftModel: realModel, draftTokenCount: 4 });
  expect(await client.deployments.get('drafting')).toMatchObject({ draftModel: base, draftTokenCount: 4 });
  expect(engineWith(/--draft-model=\S+\.gguf --draft-tokens=4/)).toBe(true);
  expect(await ask(drafting)).toBe(plain);
  await client.deployments.delete('drafting');

  const repeating = await deploy('repeating', { ngramSpeculationLength: 2, draftTokenCount: 3 });
  expect(engineWith(/--draft-tokens=3 --ngram-tokens=2/)).toBe(true);
  expect(await ask(repeating)).toBe(plain);
}, 120_000);
