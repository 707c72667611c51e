import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { convertModelFolder } from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpenModel } from '../../packages/engine/src/core/model-runner.ts';
import { openLlamaModel } from '../../packages/engine/src/runners/llama-cpp/index.ts';
import {
  computeReferenceStates,
  poolMean,
} from '../../packages/llama/src/convert/testing/reference-encoder.ts';
import { readWeights, type Weights } from '../../packages/llama/src/convert/testing/reference-math.ts';
import { fetchModel, findCatalogueEntry, loadCatalogue } from '../../packages/server/src/catalogue/index.ts';

/** The default embedding model, converted from its Hugging Face folder, against the original. */

/** Texts with the ids that the model's own tokenizer gives them. */
const texts: readonly { readonly text: string; readonly ids: readonly number[] }[] = [
  { text: 'This is an example sentence', ids: [101, 2023, 2003, 2019, 2742, 6251, 102] },
  { text: 'Each sentence is converted', ids: [101, 2169, 6251, 2003, 4991, 102] },
  { text: 'hello world', ids: [101, 7592, 2088, 102] },
  {
    text: 'Café naïve, 東京 — 3.14!',
    ids: [101, 7668, 15743, 1010, 1879, 1755, 1517, 1017, 1012, 2403, 999, 102],
  },
];
/** How sentence-transformers begins the vector of the first. */
const published = [0.0677, 0.0635, 0.0487, 0.0793, 0.0374, 0.0027, 0.0394, -0.0071];

let open: OpenModel | null = null;
let weights: Weights;
let config: Record<string, unknown>;
let reason = '';

beforeAll(async () => {
  const cacheFolder = process.env.SPARKLER_CACHE || join(homedir(), '.cache', 'sparkler');
  const convert = async (folder: string, target: string) => {
    await convertModelFolder({ folder, target });
  };
  try {
    const entry = findCatalogueEntry(loadCatalogue(), 'all-minilm-l6-v2');
    const fetched = await fetchModel(entry, { cacheFolder, converter: { version: 'guide-1', convert } });
    const folder = dirname(fetched.path);
    weights = await readWeights(folder);
    config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    const limits = { cellsMax: 256, sequencesMax: 1, batchTokensMax: 256 };
    open = await openLlamaModel({ path: fetched.path, threads: 1, ...limits });
  } catch (error) {
    reason = (error as Error).message;
  }
}, 120_000);

afterAll(() => open?.runner.close());

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    product += a[i]! * b[i]!;
    aa += a[i]! ** 2;
    bb += b[i]! ** 2;
  }
  return product / Math.sqrt(aa * bb);
}

test.for(texts)(
  '"$text" has the ids and the vector of the original weights',
  async ({ text, ids }, context) => {
    if (open === null) context.skip(reason);
    const found = open!.tokenizer.encode(text, { addSpecial: true, parseSpecial: false });
    expect([...found]).toEqual(ids);
    const [vector] = await open!.runner.embed([ids]);
    const exact = poolMean(computeReferenceStates(weights, config, ids));
    expect(1 - cosine(vector!, exact)).toBeLessThan(1e-3);
  },
);

test('the vector is the one that is published', async (context) => {
  if (open === null) context.skip(reason);
  const [vector] = await open!.runner.embed([texts[0]!.ids]);
  const length = Math.hypot(...vector!);
  for (const [i, value] of published.entries()) expect(vector![i]! / length).toBeCloseTo(value, 3);
});
