import { afterAll, describe, expect, test } from 'vitest';
import type { ModelTokenizer } from '../core/model-runner.ts';
import { openHttp } from '../testing/open-http.ts';
import { framePair } from './rerank/frame-pair.ts';

const ranker = openHttp({ model: { description: { pooling: 'rank' } } });
const generator = openHttp();
afterAll(async () => {
  await ranker[Symbol.asyncDispose]();
  await generator[Symbol.asyncDispose]();
});

const asked = { model: 'test', query: 'q', documents: ['alpha', 'beta', 'gamma'] };

test('ranks documents, best first, scores between 0 and 1', async () => {
  const { body } = await ranker.post('/v1/rerank', asked);
  const scores = body.data.map((entry: { relevance_score: number }) => entry.relevance_score);
  expect(scores).toEqual([...scores].sort((a, b) => b - a));
  expect(scores.every((score: number) => score > 0 && score < 1)).toBe(true);
  for (const { index, document } of body.data) expect(document).toBe(asked.documents[index]);
  expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens);
});

test('gives as many as asked for, without the documents if asked', async () => {
  const whole = await ranker.post('/v1/rerank', asked);
  const { body } = await ranker.post('/v1/rerank', { ...asked, top_n: 2, return_documents: false });
  expect(body.data.map((entry: { index: number }) => entry.index)).toEqual(
    whole.body.data.slice(0, 2).map((entry: { index: number }) => entry.index),
  );
  expect(body.data[0]).not.toHaveProperty('document');
});

test('refuses what it cannot do, by name', async () => {
  expect((await generator.post('/v1/rerank', asked)).body.error).toMatchObject({ param: 'model' });
  expect((await ranker.post('/v1/rerank', { ...asked, task: 'x' })).body.error.param).toBe('task');
  const long = { ...asked, documents: ['a', 'x'.repeat(100)] };
  expect((await ranker.post('/v1/rerank', long)).body.error.param).toBe('documents[1]');
  const embedding = await ranker.post('/v1/embeddings', { model: 'test', input: 'a' });
  expect(embedding.body.error.message).toContain('/v1/rerank');
});

describe('a query and a document are framed', () => {
  /** Letters are their codes; 1 begins and 2 ends, 3 separates. */
  const tokenizer = (frame: (codes: number[]) => number[], eosToken: number): ModelTokenizer => ({
    vocabularySize: 256,
    bosToken: 1,
    eosToken,
    endTokens: [],
    addsBos: true,
    encode: (text, { addSpecial }) => {
      const codes = [...Buffer.from(text)];
      return addSpecial ? frame(codes) : codes;
    },
    tokenBytes: (token) => Uint8Array.of(token),
    isControl: (token) => token < 4,
  });
  const pair = { query: 'q', document: 'd', task: 't' };

  test('as BERT was trained: [CLS] query [SEP] document [SEP]', () => {
    const bert = tokenizer((codes) => [1, ...codes, 3], 2);
    expect(framePair({ template: null, tokenizer: bert }, pair)).toEqual([1, 113, 3, 100, 3]);
  });

  test('as RoBERTa was trained: <s> query </s></s> document </s>', () => {
    const roberta = tokenizer((codes) => [1, ...codes, 2], 2);
    expect(framePair({ template: null, tokenizer: roberta }, pair)).toEqual([1, 113, 2, 2, 100, 2]);
  });

  test("in the prompt of the model's file", () => {
    const plain = tokenizer((codes) => codes, 2);
    const tokens = framePair({ template: '[{task}]{query}|{document}', tokenizer: plain }, pair);
    expect(Buffer.from(tokens).toString()).toBe('[t]q|d');
  });
});
