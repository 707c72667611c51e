import { mkdtemp, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModelFolder } from '@sparkler/llama';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SpawnedEngine, spawnEngine } from '../../packages/engine/src/testing/spawn-engine.ts';
import {
  FetchStoppedError,
  fetchModel,
  findCatalogueEntry,
  loadCatalogue,
  ModelUnavailableError,
} from '../../packages/server/src/catalogue/index.ts';
import {
  aliceKey,
  createTestbed,
  deployedModel,
  deployment,
  listen,
  model,
  snapshotOf,
} from '../../packages/server/src/inference/testbed/testbed.ts';
import { listSamples, runPythonSamples, type SampleResult } from './run-sample.ts';

/** Samples of guides/querying-embeddings-models, on all-MiniLM-L6-v2, converted on first use. */

const guide = 'querying-embedding-models';
const name = 'accounts/fireworks/models/all-minilm-l6-v2';
let folder: string;
let engine: SpawnedEngine | undefined;
let server: Awaited<ReturnType<typeof listen>> | undefined;
let told: Record<string, SampleResult> | string;

/** The GGUF file, or the reason why it can't be had. */
async function fetchEmbeddingModel(): Promise<{ path: string } | string> {
  const cacheFolder = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
  const convert = async (source: string, target: string) => {
    await convertModelFolder({ folder: source, target });
  };
  const converter = { version: 'guide-1', convert };
  const entry = findCatalogueEntry(loadCatalogue(), 'all-minilm-l6-v2');
  try {
    return { path: (await fetchModel(entry, { cacheFolder, converter })).path };
  } catch (error) {
    if (!(error instanceof ModelUnavailableError || error instanceof FetchStoppedError)) throw error;
    return error.message;
  }
}

beforeAll(async () => {
  const fetched = await fetchEmbeddingModel();
  if (typeof fetched === 'string') {
    told = fetched;
    return;
  }
  folder = await mkdtemp(join(tmpdir(), 'sparkler-guide-'));
  const socketPath = join(folder, 'engine.sock');
  engine = await spawnEngine(['--model', fetched.path, '--socket', socketPath]);
  const testbed = createTestbed();
  const pool = 'accounts/fireworks/deployments/embed';
  const replicas = [{ id: 'r', address: { socketPath }, state: 'ready' as const }];
  testbed.route(
    snapshotOf({
      models: [model(name, { kind: 'EMBEDDING_MODEL', supportsChat: false })],
      deployments: [deployment(pool, name, { replicas })],
      deployedModels: [deployedModel('accounts/fireworks/deployedModels/embed', name, pool)],
    }),
  );
  server = await listen(testbed);
  const target = { baseUrl: server.baseUrl, apiKey: aliceKey, model: name };
  told = await runPythonSamples(guide, listSamples(guide, '.py'), target);
}, 600_000);
afterAll(async () => {
  await server?.close();
  await engine?.stop();
  if (folder !== undefined) await rm(folder, { recursive: true, force: true });
});

describe(guide, () => {
  test.for(['document.py', 'query.py'])('%s', (sample, context) => {
    if (typeof told === 'string') return context.skip(told);
    const { output, error } = told[sample]!;
    expect(error).toBeNull();
    expect(output).toMatch(
      /^CreateEmbeddingResponse\(data=\[Embedding\(embedding=\[-?\d[\d.e-]*, .*usage=Usage\(prompt_tokens=\d+/,
    );
  });

  test('dimensions.py', (context) => {
    if (typeof told === 'string') return context.skip(told);
    expect(told['dimensions.py']).toEqual({ output: '128\n', error: null });
  });
});
