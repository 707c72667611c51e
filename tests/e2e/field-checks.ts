import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';

/** An answer of the gateway. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: checks look into answers of every shape
  readonly body: any;
  /** What GET /requests/{id} says about it. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  timings(): Promise<any>;
}

/** Sends the base request with these fields besides. */
export type Ask = (fields?: Record<string, unknown>) => Promise<Answer>;

/** By the field's name, with a word behind it where a field has several checks. */
export type Checks = Readonly<Record<string, (ask: Ask) => Promise<void>>>;

/** The text of the first choice. */
function said({ body }: Answer): string {
  const [choice] = body.choices;
  return choice.message?.content ?? choice.text;
}

/** Sampling that is not greedy, and always the same. */
const warm = { temperature: 1.5, seed: 7 };

/** The option makes the sampled answer another one. */
const changes =
  (fields: Record<string, unknown>, base: Record<string, unknown> = warm) =>
  async (ask: Ask) => {
    const plain = said(await ask(base));
    expect(said(await ask({ ...base, ...fields }))).not.toBe(plain);
  };

/** The option leaves only the likeliest token. */
const makesGreedy = (fields: Record<string, unknown>) => async (ask: Ask) => {
  expect(said(await ask(warm))).not.toBe('aaaaaaaa');
  expect(said(await ask({ ...warm, ...fields }))).toBe('aaaaaaaa');
};

/** Refused, and the answer names the field. */
const refused =
  (fields: Record<string, unknown>, param = Object.keys(fields)[0]) =>
  async (ask: Ask) => {
    const { status, body } = await ask(fields);
    expect([status, body.error.param]).toEqual([400, param]);
  };

/** The key steers: always to the same replica, and another key may go to another. */
const steers = (field: string) => async (ask: Ask) => {
  const replicas: string[] = [];
  for (let turn = 0; turn < 24; turn++) {
    const answer = await ask({ [field]: `session-${turn % 8}`, max_tokens: 1 });
    replicas.push((await answer.timings()).replica);
  }
  expect(replicas.slice(8, 16)).toEqual(replicas.slice(0, 8));
  expect(replicas.slice(16)).toEqual(replicas.slice(0, 8));
  expect(new Set(replicas).size).toBeGreaterThan(1);
};

/** The model thinks, and finds no end. */
const thoughtful = { messages: [{ role: 'user', content: 'THINK.' }], max_tokens: 40 };

const cachedTokens = ({ body }: Answer): number => body.usage.prompt_tokens_details.cached_tokens;
const accepted = ({ body }: Answer): number | undefined =>
  body.usage.completion_tokens_details?.accepted_prediction_tokens;

const shared: Checks = {
  model: async (ask) => {
    expect((await ask()).body.model).toBe('accounts/fireworks/models/tiny');
    expect((await ask({ model: 'nothing' })).status).toBe(403);
  },
  stream: async (ask) => {
    const { text, headers } = await ask({ stream: true });
    expect(headers.get('content-type')).toContain('text/event-stream');
    expect(text.trimEnd().endsWith('data: [DONE]')).toBe(true);
  },
  stream_options: async (ask) => {
    const { text } = await ask({ stream: true, stream_options: { include_usage: true } });
    const last = text.trimEnd().split('\n\n').at(-2)!;
    expect(JSON.parse(last.slice('data: '.length)).usage.completion_tokens).toBe(9);
    await refused({ stream_options: { include_usage: true } }, 'stream_options')(ask);
  },
  n: async (ask) => expect((await ask({ n: 3 })).body.choices).toHaveLength(3),
  stop: async (ask) => {
    expect(said(await ask({ stop: 'aaa' }))).toBe('aaa');
    expect(said(await ask({ stop: ['zz', 'aa'] }))).toBe('aa');
  },
  max_tokens: async (ask) => expect(said(await ask({ max_tokens: 3 }))).toBe('aaa'),
  max_completion_tokens: async (ask) => {
    expect(said(await ask({ max_tokens: undefined, max_completion_tokens: 2 }))).toBe('aa');
    await refused({ max_completion_tokens: 2 }, 'max_completion_tokens')(ask);
  },
  temperature: changes({ temperature: 1.5 }, { seed: 7, temperature: 0 }),
  top_p: makesGreedy({ top_p: 0.01 }),
  min_p: makesGreedy({ min_p: 1 }),
  top_k: makesGreedy({ top_k: 1 }),
  typical_p: changes({ typical_p: 0.05 }),
  frequency_penalty: changes({ frequency_penalty: 2 }, {}),
  presence_penalty: changes({ presence_penalty: 2 }, {}),
  repetition_penalty: changes({ repetition_penalty: 2 }, {}),
  mirostat_target: changes({ mirostat_target: 1.2 }),
  mirostat_lr: async (ask) => {
    await changes(
      { mirostat_lr: 1 },
      { ...warm, mirostat_target: 1.5, ignore_eos: true, max_tokens: 60 },
    )(ask);
    await refused({ mirostat_lr: 0.5 })(ask);
  },
  seed: async (ask) => {
    expect(said(await ask(warm))).toBe(said(await ask(warm)));
    await changes({ seed: 8 })(ask);
  },
  logprobs: async (ask) => {
    const objects = (await ask({ logprobs: true })).body.choices[0].logprobs;
    expect(objects.content[0]).toMatchObject({ token: 'a', logprob: expect.any(Number) });
    const arrays = (await ask({ logprobs: 2 })).body.choices[0].logprobs;
    expect(arrays.tokens[0]).toBe('a');
    expect(Object.keys(arrays.top_logprobs[0])).toEqual(expect.arrayContaining(['a', 'b']));
  },
  top_logprobs: async (ask) => {
    const { content } = (await ask({ logprobs: true, top_logprobs: 3 })).body.choices[0].logprobs;
    expect(content[0].top_logprobs.map((entry: { token: string }) => entry.token)).toEqual(['a', 'b', 'c']);
    await refused({ top_logprobs: 3 })(ask);
  },
  logit_bias: async (ask) => {
    const z = 'z'.charCodeAt(0);
    expect(said(await ask({ logit_bias: { [z]: 100 } }))).toMatch(/^z+$/);
    await refused({ logit_bias: { 99999: 1 } }, 'logit_bias.99999')(ask);
  },
  echo: async (ask) => expect(said(await ask({ echo: true }))).toMatch(/(Hi\.|Say: ).*aaaaaaaa$/s),
  echo_last: async (ask) => expect(said(await ask({ echo_last: 1 }))).toMatch(/^.aaaaaaaa$/s),
  ignore_eos: async (ask) => expect(said(await ask({ ignore_eos: true }))).toHaveLength(20),
  context_length_exceeded_behavior: async (ask) => {
    expect((await ask({ max_tokens: 1_000_000 })).status).toBe(200);
    const strict = await ask({ max_tokens: 1_000_000, context_length_exceeded_behavior: 'error' });
    expect(strict.status).toBe(400);
  },
  user: steers('user'),
  prompt_cache_key: steers('prompt_cache_key'),
  response_format: async (ask) => {
    expect(said(await ask({ response_format: { type: 'grammar', grammar: 'root ::= "zz"' } }))).toBe('zz');
    const schema = { type: 'object', properties: { ok: { type: 'boolean' } }, required: ['ok'] };
    const answer = said(await ask({ response_format: { type: 'json_object', schema }, max_tokens: 40 }));
    expect(JSON.parse(answer)).toEqual({ ok: expect.any(Boolean) });
  },
  raw_output: async (ask) => {
    const { raw_output } = (await ask({ raw_output: true, logprobs: true })).body.choices[0];
    expect(raw_output).toMatchObject({
      prompt_fragments: expect.any(Array),
      prompt_token_ids: expect.any(Array),
      completion: expect.stringContaining('aaaaaaaa'),
      completion_logprobs: expect.any(Object),
    });
  },
  perf_metrics_in_response: async (ask) => {
    const { perf_metrics } = (await ask({ perf_metrics_in_response: true })).body;
    expect(perf_metrics['prompt-tokens']).toBeGreaterThan(0);
    expect((await ask()).body).not.toHaveProperty('perf_metrics');
  },
  return_token_ids: async (ask) => {
    const { token_ids } = (await ask({ return_token_ids: true, max_tokens: 2 })).body.choices[0];
    expect(token_ids).toEqual([97, 97]);
  },
  prediction: async (ask) => expect(accepted(await ask({ prediction: 'aaaaaaaa' }))).toBeGreaterThan(0),
  speculation: async (ask) => {
    expect(accepted(await ask({ speculation: 'aaaaaaaa' }))).toBeGreaterThan(0);
    expect(accepted(await ask({ speculation: [97, 97, 97, 97, 97, 97] }))).toBeGreaterThan(0);
    await refused({ speculation: 'a', prediction: 'a' }, 'speculation')(ask);
  },
  // Drafts rejoin the prediction with and without it; it is here so that clients that send it are served.
  rewrite_speculation: async (ask) => {
    const fields = { prediction: 'aaXaaaaaa', rewrite_speculation: true };
    expect(accepted(await ask(fields))).toBeGreaterThan(0);
  },
  disable_speculation: async (ask) => {
    const answer = await ask({ prediction: 'aaaaaaaa', disable_speculation: true });
    expect(accepted(answer) ?? 0).toBe(0);
  },
  metadata: async (ask) => {
    const answer = await ask({ metadata: { project: 'sea' } });
    expect((await answer.timings()).metadata).toEqual({ project: 'sea' });
  },
  store: refused({ store: true }),
  reasoning_effort: async (ask) => {
    expect(said(await ask(thoughtful))).toMatch(/^<think>a{33}$/);
    const limited = said(await ask({ ...thoughtful, reasoning_effort: 10 }));
    expect(limited).toMatch(/^<think>a{10}\n<\/think>/);
    await refused({ reasoning_effort: 20_000 })(ask);
  },
  thinking: async (ask) => {
    const silent = said(await ask({ ...thoughtful, thinking: { type: 'disabled' } }));
    expect(silent).toMatch(/^(<think>)?\n?<\/think>/);
    await refused({ thinking: { type: 'disabled' }, reasoning_effort: 'low' }, 'reasoning_effort')(ask);
  },
  prompt_cache_isolation_key: async (ask) => {
    const [one, two] = [randomUUID(), randomUUID()];
    await ask({ prompt_cache_isolation_key: one });
    expect(cachedTokens(await ask({ prompt_cache_isolation_key: one }))).toBeGreaterThan(0);
    expect(cachedTokens(await ask({ prompt_cache_isolation_key: two }))).toBe(0);
  },
  prompt_cache_max_len: async (ask) => {
    await ask();
    expect(cachedTokens(await ask())).toBeGreaterThan(0);
    expect(cachedTokens(await ask({ prompt_cache_max_len: 0 }))).toBe(0);
  },
  service_tier: async (ask) => {
    expect((await ask({ service_tier: 'flex' })).status).toBe(200);
    await refused({ service_tier: 'priority' })(ask);
  },
};

const tool = { type: 'function', function: { name: 'look', parameters: { type: 'object', properties: {} } } };
const promptTokens = ({ body }: Answer): number => body.usage.prompt_tokens;
const talk = [
  { role: 'user', content: 'One.' },
  { role: 'assistant', content: 'two', reasoning_content: 'because of the one before it' },
  { role: 'user', content: 'Three.' },
];

export const chatFields: Checks = {
  ...shared,
  messages: async (ask) => {
    const parts = [
      { type: 'text', text: 'Hi' },
      { type: 'text', text: '.' },
    ];
    const plain = promptTokens(await ask());
    expect(promptTokens(await ask({ messages: [{ role: 'user', content: parts }] }))).toBeGreaterThanOrEqual(
      plain,
    );
    const url = 'data:image/png;base64,AAAA';
    const image = [{ type: 'image_url', image_url: { url } }];
    const { status, body } = await ask({ messages: [{ role: 'user', content: image }] });
    expect([status, body.error.param]).toEqual([400, expect.stringMatching(/^messages/)]);
  },
  tools: async (ask) =>
    expect(promptTokens(await ask({ tools: [tool] }))).toBeGreaterThan(promptTokens(await ask())),
  tool_choice: async (ask) => {
    const choice = { type: 'function', function: { name: 'look' } };
    const { body } = await ask({ tools: [tool], tool_choice: choice, max_tokens: 200 });
    expect(body.choices[0].message.tool_calls[0].function.name).toBe('look');
    expect(body.choices[0].finish_reason).toBe('tool_calls');
  },
  parallel_tool_calls: async (ask) => {
    const fields = { tools: [tool], tool_choice: 'required', parallel_tool_calls: false, max_tokens: 400 };
    expect((await ask(fields)).body.choices[0].message.tool_calls).toHaveLength(1);
  },
  functions: async (ask) => {
    const fields = { functions: [tool.function], function_call: { name: 'look' }, max_tokens: 200 };
    expect((await ask(fields)).body.choices[0].message.function_call.name).toBe('look');
    await refused({ functions: [tool.function], tools: [tool] })(ask);
  },
  function_call: refused({ function_call: { name: 'look' } }),
  prompt_truncate_len: async (ask) => {
    const whole = promptTokens(await ask({ messages: talk }));
    const cut = await ask({ messages: talk, prompt_truncate_len: whole - 1 });
    expect(promptTokens(cut)).toBeLessThan(whole);
  },
  safe_tokenization: async (ask) => {
    const messages = [{ role: 'user', content: 'Hi.<|fim_prefix|>' }];
    const trusting = promptTokens(await ask({ messages, safe_tokenization: false }));
    expect(promptTokens(await ask({ messages, safe_tokenization: true }))).toBeGreaterThan(trusting);
  },
  reasoning_history: async (ask) => {
    const without = promptTokens(await ask({ messages: talk, reasoning_history: 'disabled' }));
    expect(promptTokens(await ask({ messages: talk, reasoning_history: 'preserved' }))).toBeGreaterThan(
      without,
    );
  },
  'best_of (of OpenAI)': refused({ best_of: 2 }),
  'audio (of OpenAI)': refused({ audio: { voice: 'x' } }),
  'modalities (of OpenAI)': refused({ modalities: ['text'] }),
  'web_search_options (of OpenAI)': refused({ web_search_options: {} }),
};

/** The same with a bare prompt instead of messages. */
function askBare(ask: Ask): Ask {
  return ({ messages, ...fields } = {}) =>
    ask(messages === undefined ? fields : { ...fields, prompt: 'THINK. ' });
}

export const completionFields: Checks = {
  ...shared,
  reasoning_effort: (ask) => shared.reasoning_effort!(askBare(ask)),
  thinking: (ask) => shared.thinking!(askBare(ask)),
  prompt: async (ask) => {
    const tokens = [...Buffer.from('Say: ')];
    for (const prompt of [
      ['Say: ', 'Say: '],
      [tokens, tokens],
    ]) {
      expect((await ask({ prompt })).body.choices).toHaveLength(2);
    }
    expect(said(await ask({ prompt: tokens }))).toBe('aaaaaaaa');
  },
  images: refused({ images: ['data:image/png;base64,AAAA'] }),
  reasoning_history: refused({ reasoning_history: 'disabled' }),
  'suffix (of OpenAI)': refused({ suffix: 'end' }),
};

const vectorOf = ({ body }: Answer): number[] => body.data[0].embedding;

export const embeddingFields: Checks = {
  model: shared.model!,
  input: async (ask) => {
    expect((await ask({ input: ['a', 'b'] })).body.data).toHaveLength(2);
    const tokens = [256, ...Buffer.from('Hi.')];
    expect(vectorOf(await ask({ input: tokens }))).toEqual(vectorOf(await ask()));
  },
  prompt_template: async (ask) => {
    const fields = { input: { word: 'Hi' }, prompt_template: '{{ word }}.' };
    expect(vectorOf(await ask(fields))).toEqual(vectorOf(await ask()));
  },
  dimensions: async (ask) => expect(vectorOf(await ask({ dimensions: 2 }))).toHaveLength(2),
  encoding_format: async (ask) => {
    const bytes = Buffer.from(vectorOf(await ask({ encoding_format: 'base64' })) as never, 'base64');
    const floats = vectorOf(await ask());
    expect(bytes.readFloatLE(0)).toBeCloseTo(floats[0]!, 5);
    expect(bytes.length).toBe(4 * floats.length);
  },
  normalize: async (ask) => {
    const vector = vectorOf(await ask({ normalize: true }));
    expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
  },
  return_logits: refused({ return_logits: [1] }),
  user: async (ask) => {
    const replica = async () => (await (await ask({ user: 'me' })).timings()).replica;
    expect(await replica()).toBe(await replica());
  },
};
