import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type SpawnedEngine, spawnEngine } from '../testing/spawn-engine.ts';

let engine: SpawnedEngine;
let client: OpenAI;

beforeAll(async () => {
  engine = await spawnEngine();
  client = new OpenAI({ baseURL: `${engine.address}/v1`, apiKey: 'none', maxRetries: 0 });
});
afterAll(() => engine.stop());

const ask = (text: string) => ({
  model: 'test',
  messages: [{ role: 'user' as const, content: `SAY ${text}` }],
});

const tools = [
  {
    type: 'function' as const,
    function: {
      name: 'add',
      description: 'Adds.',
      parameters: { type: 'object', properties: { a: { type: 'number' } } },
    },
  },
];

describe('chat', () => {
  test('answers', async () => {
    const answer = await client.chat.completions.create(ask('Grüße aus 東京 🎉'));
    expect(answer.choices[0]!.message).toMatchObject({ role: 'assistant', content: 'Grüße aus 東京 🎉' });
    expect(answer.choices[0]!.finish_reason).toBe('stop');
    expect(answer.usage).toMatchObject({ completion_tokens: 24 });
  });

  test('streams whole characters, the role first, usage in the last chunk', async () => {
    const stream = await client.chat.completions.create({ ...ask('Grüße 🎉'), stream: true });
    const chunks = [];
    for await (const chunk of stream) chunks.push(chunk);
    expect(chunks[0]!.choices[0]!.delta).toEqual({ role: 'assistant', content: '' });
    const pieces = chunks.map((chunk) => chunk.choices[0]!.delta.content ?? '');
    for (const piece of pieces) expect(piece).not.toContain('\ufffd');
    expect(pieces.join('')).toBe('Grüße 🎉');
    expect(chunks.at(-1)!.choices[0]!.finish_reason).toBe('stop');
    expect(chunks.at(-1)!.usage!.completion_tokens).toBe(13);
    expect(chunks.slice(0, -1).every((chunk) => !chunk.usage)).toBe(true);
  });

  test('gives n choices, each with its own end', async () => {
    const stream = await client.chat.completions.create({ ...ask('hi'), n: 3, stream: true });
    const texts = ['', '', ''];
    const ends: number[] = [];
    let usages = 0;
    for await (const chunk of stream) {
      const choice = chunk.choices[0]!;
      texts[choice.index] += choice.delta.content ?? '';
      if (choice.finish_reason !== null) ends.push(choice.index);
      if (chunk.usage) usages++;
    }
    expect(texts).toEqual(['hi', 'hi', 'hi']);
    expect(ends.sort()).toEqual([0, 1, 2]);
    expect(usages).toBe(1);
  });

  test('calls tools', async () => {
    const call = '<tool_call>\n{"name": "add", "arguments": {"a": 1}}\n</tool_call>';
    const answer = await client.chat.completions.create({ ...ask(call), tools });
    const { message, finish_reason } = answer.choices[0]!;
    expect(finish_reason).toBe('tool_calls');
    expect(message.content).toBeNull();
    expect(message.tool_calls).toMatchObject([
      { type: 'function', function: { name: 'add', arguments: '{"a": 1}' } },
    ]);
  });

  test('streams tool calls as the client puts them together', async () => {
    const call = 'Sure.\n<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>';
    const runner = client.chat.completions.stream({ ...ask(`${call}${call.slice(6)}`), tools });
    const { message, finish_reason } = (await runner.finalChatCompletion()).choices[0]!;
    expect(finish_reason).toBe('tool_calls');
    expect(message.content).toBe('Sure.');
    expect(message.tool_calls!.map((item) => item.type === 'function' && item.function.arguments)).toEqual([
      '{"a": 1}',
      '{"a": 1}',
    ]);
    expect(new Set(message.tool_calls!.map((item) => item.id)).size).toBe(2);
  });

  test('takes a whole round of tool use', async () => {
    const first = await client.chat.completions.create({
      ...ask('<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>'),
      tools,
    });
    const called = first.choices[0]!.message;
    const second = await client.chat.completions.create({
      model: 'test',
      tools,
      messages: [
        { role: 'user', content: 'Add.' },
        called,
        { role: 'tool', tool_call_id: called.tool_calls![0]!.id, content: '2' },
        { role: 'user', content: 'SAY It is 2.' },
      ],
    });
    expect(second.choices[0]!.message.content).toBe('It is 2.');
  });

  test('answers in the deprecated form when asked in it', async () => {
    const answer = await client.chat.completions.create({
      ...ask('<tool_call>{"name": "add", "arguments": {"a": 1}}</tool_call>'),
      functions: [{ name: 'add', parameters: { type: 'object' } }],
    });
    expect(answer.choices[0]!.finish_reason).toBe('function_call');
    expect(answer.choices[0]!.message.function_call).toEqual({ name: 'add', arguments: '{"a": 1}' });
  });

  test('gives log probabilities', async () => {
    const answer = await client.chat.completions.create({ ...ask('ab'), logprobs: true, top_logprobs: 2 });
    const { content } = answer.choices[0]!.logprobs!;
    expect(content!.map((item) => item.token)).toEqual(['a', 'b', '</s>']);
    expect(content![0]!.top_logprobs).toHaveLength(2);
    expect(content![0]!.logprob).toBeCloseTo(0, 3);
  });

  test('refuses what it cannot do, by name', async () => {
    const refused = client.chat.completions.create({ ...ask('x'), temperature: 3 });
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'temperature' });
    const unknown = client.chat.completions.create({ ...ask('x'), model: 'other' });
    await expect(unknown).rejects.toMatchObject({ status: 404, param: 'model' });
  });
});

describe('completions', () => {
  const say = (text: string) => `SAY ${text}\u001e`;

  test('answers several prompts in order', async () => {
    const answer = await client.completions.create({ model: 'test', prompt: [say('one'), say('two')], n: 2 });
    expect(answer.choices.map((choice) => choice.text)).toEqual(['one', 'one', 'two', 'two']);
    expect(answer.choices.map((choice) => choice.index)).toEqual([0, 1, 2, 3]);
  });

  test('streams', async () => {
    const stream = await client.completions.create({ model: 'test', prompt: say('über'), stream: true });
    let text = '';
    for await (const chunk of stream) text += chunk.choices[0]!.text;
    expect(text).toBe('über');
  });

  test('echoes the prompt with its log probabilities', async () => {
    const answer = await client.completions.create({
      model: 'test',
      prompt: 'ab',
      echo: true,
      logprobs: 1,
      max_tokens: 0,
    });
    const { text, logprobs, finish_reason } = answer.choices[0]!;
    expect(text).toBe('ab');
    expect(finish_reason).toBe('length');
    expect(logprobs!.tokens).toEqual(['<s>', 'a', 'b']);
    expect(logprobs!.text_offset).toEqual([0, 0, 1]);
    expect(logprobs!.token_logprobs![0]).toBeNull();
    expect(logprobs!.token_logprobs![1]).toBeTypeOf('number');
  });
});

test('embeds, as numbers and in the form the client asks for by default', async () => {
  const numbers = await client.embeddings.create({
    model: 'test',
    input: ['a', 'b'],
    encoding_format: 'float',
  });
  const decoded = await client.embeddings.create({ model: 'test', input: ['a', 'b'] });
  expect(numbers.data).toHaveLength(2);
  expect(decoded.data[0]!.embedding).toHaveLength(numbers.data[0]!.embedding.length);
  decoded.data[0]!.embedding.forEach((value, place) => {
    expect(value).toBeCloseTo(numbers.data[0]!.embedding[place]!, 6);
  });
  const short = await client.embeddings.create({
    model: 'test',
    input: 'a',
    dimensions: 4,
    encoding_format: 'float',
  });
  const length = Math.hypot(...short.data[0]!.embedding);
  expect(short.data[0]!.embedding).toHaveLength(4);
  expect(length).toBeCloseTo(1, 6);
});

test('lists its model', async () => {
  const list = await client.models.list();
  expect(list.data.map((model) => model.id)).toEqual(['test']);
});
