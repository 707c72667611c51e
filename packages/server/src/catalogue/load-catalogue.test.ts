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
