import { afterAll, describe, expect, test } from 'vitest';
import { chat, completion, openHttp } from '../testing/open-http.ts';

const http = openHttp();
afterAll(() => http[Symbol.asyncDispose]());

const chatRoute = '/v1/chat/completions';
const completionRoute = '/v1/completions';

/** Content of all chunks of a choice. */
function joined(
  chunks: { choices: { index: number; delta?: { content?: string }; text?: string }[] }[],
  index = 0,
) {
  return chunks
    .flatMap((chunk) => chunk.choices)
    .filter((choice) => choice.index === index)
    .map((choice) => choice.delta?.content ?? choice.text ?? '')
    .join('');
}

describe('stop strings', () => {
  test('end the text and belong to it', async () => {
    const { body } = await http.post(completionRoute, completion('one. two', { stop: '. t' }));
    expect(body.choices[0]).toMatchObject({ text: 'one. t', finish_reason: 'stop' });
  });

  test('are left out on request, in streams too, and held back no longer than needed', async () => {
    const asked = chat('one. two', { stop: ['. tw'], stream: true, sparkler: { exclude_stop: true } });
    const { chunks } = await http.post(chatRoute, asked);
    expect(joined(chunks)).toBe('one');
    expect(chunks.at(-1).choices[0].finish_reason).toBe('stop');
  });

  test('are found inside characters of several bytes', async () => {
    const { body } = await http.post(completionRoute, completion('a 東京 b', { stop: ['京 '] }));
    expect(body.choices[0].text).toBe('a 東京 ');
  });

  test('are found in emoji that are several tokens long, and not in others that begin alike', async () => {
    const asked = completion('😀 👩‍👩‍👧 😁', { stop: ['😃', '👩‍👧'] });
    expect((await http.post(completionRoute, asked)).body.choices[0].text).toBe('😀 👩‍👩‍👧');
  });

  test('end each choice by itself', async () => {
    const { body } = await http.post(completionRoute, completion('abc', { stop: 'b', n: 2 }));
    expect(body.choices.map((choice: { text: string }) => choice.text)).toEqual(['ab', 'ab']);
  });
});

describe('echo', () => {
  test('returns the prompt as the model saw it, in a chat with the template', async () => {
    const { body } = await http.post(chatRoute, chat('x', { echo: true }));
    expect(body.choices[0].message.content).toBe(
      '<|im_start|>user\nSAY x<|im_end|>\n<|im_start|>assistant\nx',
    );
  });

  test('of the last tokens', async () => {
    const { body } = await http.post(completionRoute, completion('x', { echo_last: 3, logprobs: 0 }));
    expect(body.choices[0].text).toBe(' x\u001ex');
    expect(body.choices[0].logprobs.tokens).toEqual([' ', 'x', '\u001e', 'x', '</s>']);
    expect(body.choices[0].logprobs.text_offset).toEqual([0, 1, 2, 3, 4]);
    expect(body.choices[0].logprobs.top_logprobs).toBeNull();
  });

  test('comes first in a stream', async () => {
    const { chunks } = await http.post(completionRoute, completion('x', { echo: true, stream: true }));
    expect(chunks[0].choices[0].text.startsWith('SAY x\u001e')).toBe(true);
    expect(joined(chunks)).toBe('SAY x\u001ex');
  });
});

describe('what was asked to be told', () => {
  test('token ids', async () => {
    const { body } = await http.post(completionRoute, completion('hi', { return_token_ids: true }));
    expect(body.choices[0].token_ids).toEqual([104, 105, 257]);
    expect(body.choices[0].prompt_token_ids).toEqual([256, ...Buffer.from('SAY hi\u001e')]);
  });

  test('token ids in a stream: the prompt once, each token once', async () => {
    const { chunks } = await http.post(chatRoute, chat('hi', { return_token_ids: true, stream: true }));
    expect(chunks[0].prompt_token_ids).toHaveLength(chunks.at(-1).usage.prompt_tokens);
    expect(chunks.slice(1).every((chunk) => chunk.prompt_token_ids === undefined)).toBe(true);
    expect(chunks.flatMap((chunk) => chunk.choices[0].token_ids ?? [])).toEqual([104, 105, 257]);
  });

  test('the raw prompt and completion', async () => {
    const { body } = await http.post(chatRoute, chat('hi', { raw_output: true, logprobs: true }));
    const raw = body.choices[0].raw_output;
    expect(raw.prompt_fragments.join('')).toBe('<|im_start|>user\nSAY hi<|im_end|>\n<|im_start|>assistant\n');
    expect(raw.prompt_fragments).toHaveLength(2);
    expect(raw.prompt_token_ids[0]).toBe(256);
    expect(raw.completion).toBe('hi</s>');
    expect(raw.completion_token_ids).toEqual([104, 105, 257]);
    expect(raw.completion_logprobs.content).toHaveLength(3);
  });

  test('times and counts, in headers and on request in the body', async () => {
    const { headers, body } = await http.post(
      completionRoute,
      completion('hi', { perf_metrics_in_response: true }),
    );
    expect(headers['fireworks-prompt-tokens']).toBe('8');
    expect(Number(headers['fireworks-server-processing-time'])).toBeGreaterThan(0);
    expect(body.perf_metrics['prompt-tokens']).toBe(8);
    expect(body.perf_metrics['server-time-to-first-token']).toBeGreaterThan(0);
    expect(JSON.parse(body.perf_metrics['sampling-options'])).toMatchObject({
      temperature: 1,
      max_tokens: 2048,
    });
  });

  test('in a stream: prompt and cached tokens in headers, the rest in the last chunk', async () => {
    const asked = completion('again', { stream: true, perf_metrics_in_response: true });
    await http.post(completionRoute, asked);
    const { headers, chunks } = await http.post(completionRoute, asked);
    expect(headers['fireworks-prompt-tokens']).toBe('11');
    expect(Number(headers['fireworks-cached-prompt-tokens'])).toBeGreaterThan(0);
    expect(chunks.at(-1).perf_metrics['generated-tokens']).toBe(6);
    expect(chunks.at(-1).sparkler).toMatchObject({ prompt_tokens: 11, generated_tokens: 6 });
    expect(chunks.slice(0, -1).some((chunk) => 'perf_metrics' in chunk || 'sparkler' in chunk)).toBe(false);
  });

  test('log probabilities in both forms, in streams as in whole answers', async () => {
    const whole = await http.post(chatRoute, chat('ab', { logprobs: 2 }));
    const stream = await http.post(chatRoute, chat('ab', { logprobs: 2, stream: true }));
    const tokens = stream.chunks.flatMap((chunk) => chunk.choices[0].logprobs?.tokens ?? []);
    expect(whole.body.choices[0].logprobs.tokens).toEqual(['a', 'b', '</s>']);
    expect(tokens).toEqual(['a', 'b', '</s>']);
    expect(Object.keys(whole.body.choices[0].logprobs.top_logprobs[0])).toHaveLength(2);
    const objects = await http.post(completionRoute, completion('ä', { logprobs: true, stream: true }));
    const content = objects.chunks.flatMap((chunk) => chunk.choices[0].logprobs?.content ?? []);
    expect(content.map((token) => token.token)).toEqual(['bytes:\\xc3', 'bytes:\\xa4', '</s>']);
    expect(content.map((token) => token.text_offset)).toEqual([0, 0, 1]);
  });
});

describe('limits', () => {
  test('a character that max_tokens cut in two is left out', async () => {
    const { body } = await http.post(completionRoute, completion('a京b', { max_tokens: 3 }));
    expect(body.choices[0]).toMatchObject({ text: 'a', finish_reason: 'length' });
    expect(body.usage.completion_tokens).toBe(3);
  });

  test('max_tokens is lowered to what the context leaves, or refused on request', async () => {
    const asked = completion('x'.repeat(50), { max_tokens: 100_000 });
    expect((await http.post(completionRoute, asked)).status).toBe(200);
    const strict = { ...asked, context_length_exceeded_behavior: 'error' };
    const { status, body } = await http.post(completionRoute, strict);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: 'CONTEXT_LENGTH_EXCEEDED', param: 'max_tokens' });
  });

  test('a prompt longer than the context is refused', async () => {
    const { status, body } = await http.post(completionRoute, { model: 'test', prompt: 'x'.repeat(5000) });
    expect(status).toBe(400);
    expect(body.error.code).toBe('CONTEXT_LENGTH_EXCEEDED');
  });

  test('min_tokens and ignore_eos keep the answer going', async () => {
    const asked = completion('hi', { max_tokens: 9, ignore_eos: true, temperature: 0 });
    const { body } = await http.post(completionRoute, asked);
    expect(body.choices[0].finish_reason).toBe('length');
    expect(body.usage.completion_tokens).toBe(9);
    const least = completion('hi', { sparkler: { min_tokens: 5 }, max_tokens: 20, temperature: 0 });
    expect((await http.post(completionRoute, least)).body.usage.completion_tokens).toBeGreaterThanOrEqual(5);
  });

  test('prompt_truncate_len drops the oldest messages, system messages last', async () => {
    const messages = [
      { role: 'system', content: 'S' },
      { role: 'user', content: 'x'.repeat(300) },
      { role: 'assistant', content: 'y'.repeat(300) },
      { role: 'user', content: 'SAY ok' },
    ];
    const { body } = await http.post(chatRoute, {
      model: 'test',
      messages,
      prompt_truncate_len: 120,
      raw_output: true,
    });
    expect(body.choices[0].message.content).toBe('ok');
    expect(body.choices[0].raw_output.prompt_fragments.join('')).toContain('system\nS<');
    expect(body.usage.prompt_tokens).toBeLessThanOrEqual(120);
    const short = await http.post(chatRoute, { model: 'test', messages, prompt_truncate_len: 10 });
    expect(short.body.error.param).toBe('prompt_truncate_len');
  });

  test('a prompt that no tokenizing could make fit is refused untokenized, or dropped from a conversation', async () => {
    const endless = 'x'.repeat(900_000);
    const { status, body } = await http.post(completionRoute, { model: 'test', prompt: endless });
    expect([status, body.error.code, body.error.param]).toEqual([400, 'CONTEXT_LENGTH_EXCEEDED', 'prompt']);
    expect(body.error.message).toContain('at least');
    const messages = [
      { role: 'user', content: endless },
      { role: 'user', content: 'SAY ok' },
    ];
    const cut = await http.post(chatRoute, { model: 'test', messages, prompt_truncate_len: 120 });
    expect(cut.body.choices[0].message.content).toBe('ok');
    const whole = await http.post(chatRoute, { model: 'test', messages });
    expect(whole.body.error).toMatchObject({ code: 'CONTEXT_LENGTH_EXCEEDED', param: 'messages' });
  });

  test('a prompt may be scored without an answer', async () => {
    const { body } = await http.post(completionRoute, { model: 'test', prompt: 'ab', max_tokens: 0 });
    expect(body.choices[0]).toMatchObject({ text: '', finish_reason: 'length' });
    expect(body.usage.completion_tokens).toBe(0);
  });
});

describe('the cache', () => {
  const cachedOf = async (more: object, headers = {}) => {
    const prompt = `SAY x\u001e${'z'.repeat(200)}`;
    const { body } = await http.post(
      completionRoute,
      { model: 'test', prompt, max_tokens: 1, ...more },
      headers,
    );
    return body.usage.prompt_tokens_details.cached_tokens as number;
  };

  test('is used again, up to prompt_cache_max_len', async () => {
    await cachedOf({});
    expect(await cachedOf({})).toBeGreaterThan(100);
    expect(await cachedOf({ prompt_cache_max_len: 0 })).toBe(0);
    expect(await cachedOf({ prompt_cache_max_len: 50 })).toBeLessThanOrEqual(50);
  });

  test('is shared only within an isolation key, from the body, the header or the gateway', async () => {
    await cachedOf({});
    expect(await cachedOf({ prompt_cache_isolation_key: 'a' })).toBe(0);
    expect(await cachedOf({ prompt_cache_isolation_key: 'a' })).toBeGreaterThan(100);
    expect(await cachedOf({}, { 'x-prompt-cache-isolation-key': 'a' })).toBeGreaterThan(100);
    expect(await cachedOf({}, { 'x-prompt-cache-isolation-key': 'b' })).toBe(0);
    expect(await cachedOf({ sparkler: { isolation_key: 'a' } })).toBe(0);
  });
});

describe('predictions', () => {
  test('are drafts that the model agrees with', async () => {
    const text = 'the same words that were here before, to the letter';
    const { body } = await http.post(completionRoute, completion(text, { prediction: text, temperature: 0 }));
    expect(body.choices[0].text).toBe(text);
    expect(body.usage.completion_tokens_details.accepted_prediction_tokens).toBeGreaterThan(10);
    expect(body.sparkler.steps).toBeLessThan(text.length);
  });

  test('in all their spellings', async () => {
    for (const more of [
      { prediction: { type: 'content', content: 'abc' } },
      { prediction: { type: 'content', content: [{ type: 'text', text: 'abc' }] } },
      { speculation: 'abc' },
      { speculation: [97, 98, 99] },
      { prediction: 'abc', rewrite_speculation: true },
      { prediction: 'abc', disable_speculation: true },
    ]) {
      const { body } = await http.post(completionRoute, completion('abc', more));
      expect(body.choices[0].text).toBe('abc');
    }
    const both = await http.post(completionRoute, completion('abc', { prediction: 'a', speculation: 'a' }));
    expect(both.body.error.param).toBe('speculation');
  });
});

describe('adapters', () => {
  test('are loaded, named as a model or by the gateway, listed and unloaded', async () => {
    const loaded = await http.post('/v1/adapters', { id: 'fr/1', path: 'scripted:french' });
    expect(loaded.status).toBe(201);
    expect(loaded.body).toMatchObject({ id: 'fr/1', rank: 8 });
    expect((await http.post(chatRoute, { ...chat('oui'), model: 'fr/1' })).body.model).toBe('fr/1');
    const routed = { ...chat('oui'), model: 'accounts/a/models/b', sparkler: { adapter: 'fr/1' } };
    expect((await http.post(chatRoute, routed)).body.model).toBe('accounts/a/models/b');
    const missing = await http.post(chatRoute, { ...chat('oui'), sparkler: { adapter: 'de' } });
    expect(missing.status).toBe(404);
    expect((await http.server.inject({ url: '/v1/models/fr/1' })).json()).toMatchObject({ id: 'fr/1' });
    expect((await http.server.inject({ url: '/v1/models/de' })).statusCode).toBe(404);
    const list = await http.server.inject({ url: '/v1/models' });
    expect(list.json().data.map((entry: { id: string }) => entry.id)).toEqual(['test', 'fr/1']);
    expect((await http.server.inject({ method: 'DELETE', url: '/v1/adapters/fr%2F1' })).statusCode).toBe(204);
    expect((await http.server.inject({ url: '/v1/adapters' })).json()).toEqual({ data: [] });
    expect((await http.server.inject({ method: 'DELETE', url: '/v1/adapters/fr%2F1' })).statusCode).toBe(404);
  });

  test('that cannot be loaded are a 412', async () => {
    const { status, body } = await http.post('/v1/adapters', { id: 'x', path: '/nowhere.gguf' });
    expect(status).toBe(412);
    expect(body.error.message).toContain('/nowhere.gguf');
  });
});

test("the model's own temperature is the default", async () => {
  await using warm = openHttp({ model: { description: { metadata: { 'general.sampling.temp': '0.6' } } } });
  const temperatureOf = async (more: object) => {
    const { headers } = await warm.post(completionRoute, completion('x', more));
    return JSON.parse(String(headers['fireworks-sampling-options'])).temperature;
  };
  expect(await temperatureOf({})).toBeCloseTo(0.6);
  expect(await temperatureOf({ temperature: 0 })).toBe(0);
});

describe('refused by name', () => {
  test.each([
    [{ temperature: 3 }, 'temperature'],
    [{ best_of: 2 }, 'best_of'],
    [{ unknown_field: 1 }, 'unknown_field'],
    [{ max_tokens: 1, max_completion_tokens: 1 }, 'max_completion_tokens'],
    [{ top_logprobs: 2 }, 'top_logprobs'],
    [{ mirostat_lr: 0.1 }, 'mirostat_lr'],
    [{ mirostat_target: 0.5 }, 'mirostat_target'],
    [{ repetition_penalty: 0 }, 'repetition_penalty'],
    [{ logit_bias: { 99999: 1 } }, 'logit_bias.99999'],
    [{ stop: ['a', '\ud83d'] }, 'stop'],
    [{ images: ['data:,'] }, 'images'],
    [{ reasoning_history: 'disabled' }, 'reasoning_history'],
    [{ reasoning_effort: 'low', thinking: { type: 'enabled' } }, 'thinking'],
    [{ speculation: [9999] }, 'speculation[0]'],
    [{ prompt: [1, 2, 9999] }, 'prompt[2]'],
    [{ prompt: [[1], [9999]] }, 'prompt[1][0]'],
    [{ sparkler: { surprise: 1 } }, 'sparkler.surprise'],
  ])('%j', async (more, param) => {
    const { status, body } = await http.post(completionRoute, completion('x', more));
    expect([status, body.error.param]).toEqual([400, param]);
    expect(body.error.message.length).toBeGreaterThan(10);
  });

  test.each([
    [{ tool_choice: 'required' }, 'tool_choice'],
    [{ tools: [tool('a')], tool_choice: { type: 'function', function: { name: 'b' } } }, 'tool_choice'],
    [{ tools: [tool('a'), tool('a')] }, 'tools[1].function.name'],
    [{ tools: [tool('a')], functions: [{ name: 'a' }] }, 'functions'],
    [
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:,' } }] }] },
      'messages',
    ],
  ])('%j', async (more, param) => {
    const { status, body } = await http.post(chatRoute, chat('x', more));
    expect([status, body.error.param]).toEqual([400, param]);
  });

  test('a body that is no JSON, too large or not there', async () => {
    const send = (payload: string, type = 'application/json') =>
      http.server.inject({ method: 'POST', url: chatRoute, payload, headers: { 'content-type': type } });
    expect((await send('{')).json().error.message).toContain('could not be read');
    expect((await send('x'.repeat(2 * 1024 ** 2))).statusCode).toBe(413);
    expect((await send('<a/>', 'text/xml')).json().error.message).toContain('application/json');
    expect((await http.server.inject({ url: '/v2/nothing' })).json().error.code).toBe('NOT_FOUND');
  });
});

function tool(name: string) {
  return { type: 'function', function: { name } };
}

describe('tokens', () => {
  test('of a text and back', async () => {
    const { body } = await http.post('/v1/tokenize', { text: 'é<|im_end|>' });
    expect(body).toEqual({ tokens: [256, 195, 169, 259], count: 4 });
    expect((await http.post('/v1/detokenize', { tokens: body.tokens })).body.text).toBe('<s>é<|im_end|>');
    expect((await http.post('/v1/detokenize', { tokens: body.tokens, special: false })).body.text).toBe('é');
    const plain = await http.post('/v1/tokenize', { text: '<s>', add_special: false, parse_special: false });
    expect(plain.body.tokens).toEqual([60, 115, 62]);
  });

  test('of a conversation', async () => {
    const { body } = await http.post('/v1/tokenize', { messages: [{ role: 'user', content: 'a' }] });
    expect(body.prompt).toBe('<|im_start|>user\na<|im_end|>\n<|im_start|>assistant\n');
    expect(body.tokens[0]).toBe(256);
  });
});

test('embeddings of objects through a template, which can cut texts', async () => {
  const input = [{ title: 'T', body: 'long text' }];
  const asked = { model: 'test', input, prompt_template: '{{ title }}: {{ truncate_tokens(body, 4) }}' };
  const { body } = await http.post('/v1/embeddings', asked);
  expect(body.usage.prompt_tokens).toBe('T: long'.length + 1);
  const missing = await http.post('/v1/embeddings', { model: 'test', input });
  expect(missing.body.error.param).toBe('input[0]');
  const long = await http.post('/v1/embeddings', { model: 'test', input: ['a', 'x'.repeat(100)] });
  expect(long.body.error.param).toBe('input[1]');
});

test('a template that loops is ended and refused', async () => {
  const loops = '{% for a in range(30000) %}{% for b in range(30000) %}{{ b }}{% endfor %}{% endfor %}';
  const asked = { model: 'test', input: [{ a: 1 }], prompt_template: loops };
  const { status, body } = await http.post('/v1/embeddings', asked);
  expect([status, body.error.param]).toEqual([400, 'prompt_template']);
});

test('status tells what is served', async () => {
  expect((await http.server.inject({ url: '/status' })).json()).toMatchObject({
    name: 'test',
    running: 0,
    waiting: 0,
  });
  expect((await http.server.inject({ url: '/health' })).json()).toEqual({ status: 'ok' });
});
