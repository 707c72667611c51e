import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CatalogueEntry } from '../catalogue/index.ts';
import { createWeights, type Weights } from './weights.ts';

const content = 'GGUF, as far as fetching goes';
let folder: string;
let weights: Weights;
let ended: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-weights-'));
  await mkdir(join(folder, 'source'));
  ended = [];
  weights = createWeights({
    cacheFolder: join(folder, 'cache'),
    modelsFolder: undefined,
    onProgress: () => undefined,
  });
  weights.onEnd((model) => ended.push(model));
});
afterEach(async () => {
  await weights.close();
  await rm(folder, { recursive: true });
});

function entry(change: Partial<CatalogueEntry> = {}): CatalogueEntry {
  return {
    name: 'tiny',
    displayName: 'Tiny',
    aliases: [],
    kind: 'chat',
    format: 'gguf',
    parameters: 1,
    contextTokens: 128,
    quantization: null,
    chatTemplate: null,
    supportsTools: false,
    priceClass: 'text-up-to-4b',
    licence: { name: 'Apache-2.0', url: 'https://example.org', gated: false },
    files: [
      {
        path: 'tiny.gguf',
        sha256: createHash('sha256').update(content).digest('hex'),
        sizeBytes: content.length,
      },
    ],
    sources: [{ kind: 'folder', path: join(folder, 'source') }],
    ...change,
  };
}

const settle = async () => {
  await expect.poll(() => weights.state('m').state, { timeout: 20_000 }).not.toBe('fetching');
  return weights.state('m');
};

test('files are fetched in the background, once, and found', async () => {
  await writeFile(join(folder, 'source', 'tiny.gguf'), content);
  expect(weights.state('m')).toEqual({ state: 'absent' });
  weights.fetch('m', entry());
  weights.fetch('m', entry());
  expect(weights.state('m').state).toBe('fetching');
  expect(await settle()).toEqual({ state: 'ready', path: join(folder, 'source', 'tiny.gguf') });
  expect(ended).toEqual(['m']);
});

test('a failure keeps its reason and a time to try again, and trying again may work', async () => {
  weights.fetch('m', entry());
  const failed = await settle();
  expect(failed).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('No source had the model tiny'),
  });
  expect(failed.state === 'failed' && failed.retryTimeMs).toBeGreaterThan(Date.now());
  await writeFile(join(folder, 'source', 'tiny.gguf'), content);
  weights.fetch('m', entry());
  expect((await settle()).state).toBe('ready');
});

test('a damaged file is not served', async () => {
  await writeFile(join(folder, 'source', 'tiny.gguf'), content.replace('GGUF', 'gguf'));
  weights.fetch('m', entry());
  expect(await settle()).toMatchObject({ state: 'failed', reason: expect.stringContaining('damaged') });
});

test('files that vanish later are absent again', async () => {
  await writeFile(join(folder, 'source', 'tiny.gguf'), content);
  weights.fetch('m', entry());
  await settle();
  await rm(join(folder, 'source', 'tiny.gguf'));
  expect(weights.state('m')).toEqual({ state: 'absent' });
});

test('a model that the built-in engine cannot read is refused by name, and not fetched again', async () => {
  await writeFile(join(folder, 'source', 'tiny.gguf'), content);
  weights.fetch('m', entry({ format: 'hugging-face' }));
  expect(await settle()).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('serves GGUF files only'),
    retryTimeMs: Number.POSITIVE_INFINITY,
  });
});
