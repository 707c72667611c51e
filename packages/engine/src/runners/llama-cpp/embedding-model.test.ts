import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { convertModelFolder, writeTinyAdapter, writeTinyCheckpoint, writeTinyModel } from '@sparkler/llama';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OpenModel } from '../../core/model-runner.ts';
import { type OpenLlamaModelOptions, openLlamaModel } from './open-llama-model.ts';

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'embedding-model-'));
  for (const className of ['BertModel', 'BertForSequenceClassification']) {
    const source = join(folder, className);
    await writeTinyCheckpoint(source, { className });
    await convertModelFolder({ folder: source, target: `${source}.gguf` });
  }
  await writeTinyModel(join(folder, 'decoder.gguf'));
});

afterAll(() => rm(folder, { recursive: true }));

function open(name: string, options: Partial<OpenLlamaModelOptions> = {}): Promise<OpenModel> {
  const path = join(folder, `${name}.gguf`);
  return openLlamaModel({ path, cellsMax: 256, sequencesMax: 2, batchTokensMax: 32, threads: 1, ...options });
}

function encode(model: OpenModel, text: string): number[] {
  return model.tokenizer.encode(text, { addSpecial: true, parseSpecial: true });
}

test('an encoder gives vectors for many inputs and holds no sequences', async () => {
  const model = await open('BertModel', { pooling: 'mean', embeddingTokensMax: 16 });
  expect(model.runner.limits).toMatchObject({ cellsMax: 0, sequencesMax: 0, embeddingSize: 64 });
  const texts = ['the cat', 'hello world', 'the dogs eat', 'the cat'];
  const inputs = Array.from({ length: 50 }, (_, index) => encode(model, texts[index % texts.length]!));
  const vectors = await model.runner.embed(inputs);
  expect(vectors).toHaveLength(50);
  for (const [index, vector] of vectors.entries()) {
    for (const [at, value] of vector.entries()) expect(value).toBeCloseTo(vectors[index % 4]![at]!, 3);
  }
  expect(vectors[0]).not.toEqual(vectors[1]);
  await expect(model.runner.embed([new Array(17).fill(5)])).rejects.toThrow(
    'input 0 has 17 tokens; this model embeds up to 16',
  );
  await expect(model.runner.embed([[1], [9999]])).rejects.toThrow(
    'input 1 has token 9999, outside the vocabulary',
  );
  expect(() => model.runner.dropSequence(0)).toThrow('a bert model only gives embeddings');
  await model.runner.close();
});

test('more tokens than an encoder has positions for cannot be asked for', async () => {
  await expect(open('BertModel', { embeddingTokensMax: 129 })).rejects.toThrow('must be from 1 to 128');
});

test('a reranker gives one score per pair, and another for another pair', async () => {
  const model = await open('BertForSequenceClassification');
  expect(model.description.pooling).toBe('rank');
  const scores = await model.runner.embed([
    encode(model, 'the cat[SEP]food'),
    encode(model, 'the cat[SEP]hello world'),
  ]);
  expect(scores.map((score) => score.length)).toEqual([1, 1]);
  expect(scores[0]).not.toEqual(scores[1]);
  await model.runner.close();
  await expect(open('BertForSequenceClassification', { pooling: 'mean' })).rejects.toThrow(
    'is made for rank pooling',
  );
});

test('each pooling of a chat model gives another vector; rank is refused, as it has no head for it', async () => {
  const vectors = await Promise.all(
    (['last', 'mean', 'cls'] as const).map(async (pooling) => {
      const model = await open('decoder', { pooling });
      const [vector] = await model.runner.embed([[1, 2, 3, 4]]);
      await model.runner.close();
      return vector!;
    }),
  );
  expect(vectors[0]).not.toEqual(vectors[1]);
  expect(vectors[1]).not.toEqual(vectors[2]);
  await expect(open('decoder', { pooling: 'rank' })).rejects.toThrow('cannot embed with rank pooling');
});

test('a call with thousands of inputs delays others by a batch, and ends when nobody waits for it', async () => {
  await writeTinyAdapter(join(folder, 'adapter.gguf'));
  const { runner } = await open('decoder', { embeddingTokensMax: 64 });
  const gone = new AbortController();
  const ended: string[] = [];
  const inputs = Array.from({ length: 20_000 }, () => new Array<number>(60).fill(5));
  const long = runner.embed(inputs, gone.signal).finally(() => ended.push('long'));
  const outcome = expect(long).rejects.toThrow(/abort/);
  expect(await runner.embed([[1, 2]])).toHaveLength(1);
  // An adapter is loaded while nothing computes, and what asks for the model meanwhile waits for it.
  await runner.loadAdapter('a', join(folder, 'adapter.gguf'));
  expect(ended).toEqual([]);
  gone.abort();
  await outcome;
  await runner.close();
});
