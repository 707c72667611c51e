import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { findCatalogueEntry, loadCatalogue } from './load-catalogue.ts';
import { makeFolder } from './testing-files.ts';

test('the catalogue that comes with the product is well-formed', () => {
  const catalogue = loadCatalogue(undefined);
  expect(findCatalogueEntry(catalogue, 'smollm2-135m-instruct').licence.name).toBe('Apache-2.0');
  for (const entry of catalogue) {
    // An address or a folder can't vouch for content; a Hugging Face repository, a wheel or S3 can.
    const needsSums = entry.sources.some((source) => source.kind === 'url');
    if (needsSums) for (const file of entry.files) expect(file.sha256, entry.name).not.toBeNull();
  }
});

test('every name and alias is there once, and the models that the documentation uses are there', () => {
  const catalogue = loadCatalogue(undefined);
  const names = catalogue.flatMap((entry) => [entry.name, ...entry.aliases]);
  expect(new Set(names).size).toBe(names.length);
  const documented = [
    'llama-v3p1-8b-instruct',
    'llama-v3p1-405b-instruct',
    'llama-v3p3-70b-instruct',
    'llama-v3p2-3b-instruct',
    'llama-v3-8b-instruct',
    'phi-3-vision-128k-instruct',
    'qwen2p5-0p5b-instruct',
    'qwen2p5-72b-instruct',
    'mixtral-8x7b-instruct',
    'mixtral-moe-8x22b-instruct',
    'deepseek-v3',
    'deepseek-r1',
    'deepseek-r1-distill-llama-70b',
    'firefunction-v1',
    'firefunction-v2',
    'starcoder-16b-w8a16',
    'nomic-ai/nomic-embed-text-v1.5',
    'WhereIsAI/UAE-Large-V1',
    'thenlper/gte-base',
    'whisper-v3',
    'whisper-v3-turbo',
    'stable-diffusion-xl-1024-v1-0',
    'SSD-1B',
  ];
  for (const name of documented)
    expect(findCatalogueEntry(catalogue, name).sources.length).toBeGreaterThan(0);
});

test('an unknown model is answered with the list of known ones', () => {
  expect(() => findCatalogueEntry(loadCatalogue(undefined), 'gpt-9')).toThrow(
    /no model gpt-9.*smollm2-135m-instruct/,
  );
});

test("the operator's file adds and replaces entries, and a wrong one names file and place", () => {
  const path = join(makeFolder(), 'mine.json');
  const base = findCatalogueEntry(loadCatalogue(undefined), 'smollm2-135m-instruct');
  writeFileSync(
    path,
    JSON.stringify([
      { ...base, displayName: 'Mine' },
      { ...base, name: 'second' },
    ]),
  );
  const catalogue = loadCatalogue(path);
  expect(findCatalogueEntry(catalogue, 'smollm2-135m-instruct').displayName).toBe('Mine');
  expect(findCatalogueEntry(catalogue, 'second').displayName).toBe(base.displayName);
  writeFileSync(path, JSON.stringify([{ ...base, contextTokens: 'many' }]));
  expect(() => loadCatalogue(path)).toThrow(/mine\.json is wrong at \/0\/contextTokens/);
  writeFileSync(path, '[');
  expect(() => loadCatalogue(path)).toThrow(/mine\.json cannot be read/);
});
