import { type CompiledGrammar, GrammarError } from '@sparkler/grammar';
import { afterAll, describe, expect, test } from 'vitest';
import { createHashScript } from '../runners/scripted/scripts.ts';
import { chat, completion, openHttp } from '../testing/open-http.ts';

/**
 * One model says what it is told, as far as the grammar lets it; the other babbles, so the grammar does it
 * all.
 */
const obedient = openHttp();
const babbling = openHttp({ model: { script: createHashScript() } });
const reasoning = openHttp({
  chatTemplate:
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}" +
    "{# <think> #}{{ '<|im_start|>assistant\n' }}",
});
afterAll(async () => {
  for (const http of [obedient, babbling, reasoning]) await http[Symbol.asyncDispose]();
});

const route = '/v1/chat/completions';
const schema = {
  type: 'object',
  properties: {
    city: { type: 'string', maxLength: 12 },
    degrees: { type: 'integer', minimum: -9, maximum: 9 },
  },
  required: ['city', 'degrees'],
  additionalProperties: false,
};
const weather = { type: 'function', function: { name: 'get_weather', parameters: schema } };
const nothing = { type: 'function', function: { name: 'do_nothing' } };
const seeds = [1, 2, 3, 4, 5];

describe('a babbling model', () => {
  test.each([
    [{ type: 'json_object', schema }],
    [{ type: 'json_object', json_schema: schema }],
    [{ type: 'json_schema', schema: JSON.stringify(schema) }],
    [{ type: 'json_schema', json_schema: { name: 'weather', strict: true, schema } }],
  ])('answers in JSON of the schema: %j', async (format) => {
    for (const seed of seeds) {
      const { body } = await babbling.post(
        route,
        chat('x', { response_format: format, seed, max_tokens: 400 }),
      );
      const value = JSON.parse(body.choices[0].message.content);
      expect(Object.keys(value).sort()).toEqual(['city', 'degrees']);
      expect(Number.isInteger(value.degrees)).toBe(true);
      expect(body.choices[0].finish_reason).toBe('stop');
    }
  });

  test('answers in a GBNF grammar, in bare prompts too', async () => {
    const grammar = 'root ::= "yes" | "no" " "? "way"';
    for (const seed of seeds) {
      const asked = completion('x', {
        response_format: { type: 'grammar', grammar },
        seed,
        raw_output: true,
      });
      const { body } = await babbling.post('/v1/completions', asked);
      expect(body.choices[0].text).toMatch(/^(yes|no ?way)$/);
      expect(body.choices[0].raw_output.grammar).toBe(grammar);
    }
  });

  test.each(['any', 'required', { type: 'function' }])(
    'calls some tool when it has to: %j',
    async (choice) => {
      for (const seed of seeds) {
        const asked = chat('x', { tools: [weather, nothing], tool_choice: choice, seed, max_tokens: 400 });
        const { body } = await babbling.post(route, asked);
        const { message, finish_reason } = body.choices[0];
        expect(finish_reason).toBe('tool_calls');
        expect(message.content).toBeNull();
        expect(message.tool_calls).toHaveLength(1);
        expect(['get_weather', 'do_nothing']).toContain(message.tool_calls[0].function.name);
        expect(JSON.parse(message.tool_calls[0].function.arguments)).toBeTypeOf('object');
      }
    },
  );

  test.each([
    { type: 'function', function: { name: 'get_weather' } },
    { type: 'function', name: 'get_weather' },
  ])('calls the one tool it has to: %j', async (choice) => {
    const asked = chat('x', {
      tools: [nothing, weather],
      tool_choice: choice,
      stream: true,
      max_tokens: 400,
    });
    const { chunks } = await babbling.post(route, asked);
    const deltas = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
    expect(deltas[0]).toMatchObject({ index: 0, type: 'function', function: { name: 'get_weather' } });
    expect(
      deltas.slice(1).every((delta) => delta.id === undefined && delta.function.name === undefined),
    ).toBe(true);
    const value = JSON.parse(deltas.map((delta) => delta.function.arguments).join(''));
    expect(Object.keys(value).sort()).toEqual(['city', 'degrees']);
  });

  test.each([
    ['mistral', '[TOOL_CALLS]'],
    ['mistral-v11', '[TOOL_CALLS][ARGS]'],
    ['llama3', '<|python_tag|>'],
    ['firefunction', 'functools['],
    ['deepseek', '<｜tool▁call▁begin｜>```json'],
    ['deepseek-v3.1', '<｜tool▁call▁begin｜>'],
    ['qwen-xml', '<parameter='],
    ['glm', '<arg_key>'],
  ])('calls tools in the spelling of %s', async (family, sign) => {
    await using http = openHttp({
      model: { script: createHashScript() },
      chatTemplate: `{# ${sign} #}{% for m in messages %}{{ m.content }}{% endfor %}{{ tools | tojson }}`,
    });
    expect((await http.server.inject({ url: '/status' })).json().tool_format).toBe(family);
    const asked = chat('x', { tools: [weather], tool_choice: 'required', max_tokens: 400 });
    const { body } = await http.post(route, asked);
    expect(body.choices[0].message.tool_calls[0].function.name).toBe('get_weather');
    // Parameters in tags of their own are the model's: no schema holds them.
    if (family === 'qwen-xml' || family === 'glm') return;
    const value = JSON.parse(body.choices[0].message.tool_calls[0].function.arguments);
    expect(Object.keys(value).sort()).toEqual(['city', 'degrees']);
  });
});

describe('a model that says what it is told', () => {
  const call = '<tool_call>{"name": "get_weather", "arguments": {"city": "Oslo", "degrees": 1}}</tool_call>';

  test('may answer in text when tools are only offered', async () => {
    const { body } = await obedient.post(route, chat('Hello.', { tools: [weather] }));
    expect(body.choices[0].message).toEqual({ role: 'assistant', content: 'Hello.' });
  });

  test('is held to the schema once it calls', async () => {
    const wrong =
      '<tool_call>{"name": "get_weather", "arguments": {"city": "Oslo", "degrees": 77777}}</tool_call>';
    const { body } = await obedient.post(route, chat(`So: ${wrong}`, { tools: [weather], max_tokens: 300 }));
    expect(body.choices[0].message.content.startsWith('So:')).toBe(true);
    const value = JSON.parse(body.choices[0].message.tool_calls[0].function.arguments);
    expect(value.degrees).toBeLessThanOrEqual(9);
  });

  test('makes as many calls as it wants, or one', async () => {
    const { body } = await obedient.post(route, chat(`${call}\n${call}`, { tools: [weather] }));
    expect(body.choices[0].message.tool_calls).toHaveLength(2);
    const single = chat(`${call}\n${call}`, { tools: [weather], parallel_tool_calls: false });
    const answer = await obedient.post(route, single);
    expect(answer.body.choices[0].message.tool_calls).toHaveLength(1);
  });

  test('may call or answer in JSON when both are offered', async () => {
    const more = { tools: [weather], response_format: { type: 'json_object', schema } };
    const called = await obedient.post(route, chat(call.replace('<tool_call>', '<tool_call>\n'), more));
    expect(called.body.choices[0].message.tool_calls).toHaveLength(1);
    const told = await obedient.post(route, chat('{"city": "Oslo", "degrees": 1}', more));
    expect(JSON.parse(told.body.choices[0].message.content)).toEqual({ city: 'Oslo', degrees: 1 });
  });

  test('reasons before the JSON', async () => {
    const json = '{"city": "Oslo", "degrees": 1}';
    const format = { response_format: { type: 'json_object', schema } };
    const inline = await reasoning.post(route, chat(`<think>hm {</think>\n${json}`, format));
    expect(inline.body.choices[0].message.content).toBe(`<think>hm {</think>\n${json}`);
    const separate = { ...format, sparkler: { reasoning_format: 'separate' } };
    const { body } = await reasoning.post(route, chat(`<think>hm {</think>\n${json}`, separate));
    expect(body.choices[0].message).toMatchObject({ content: json, reasoning_content: 'hm {' });
    expect((await reasoning.post(route, chat(json, format))).body.choices[0].message.content).toBe(json);
  });
});

test('a grammar that turns out to need too much fails its own request and nobody else', async () => {
  let steps = 0;
  const exhausting = {
    allows: () => true,
    fillMask: (mask: Uint32Array) => mask.fill(0xffff_ffff),
    accept() {
      if (++steps > 3) throw new GrammarError({ message: 'too much work' });
      return true;
    },
    forcedTokens: () => [],
    rollback: () => undefined,
    canEnd: false,
    mustEnd: false,
    reset: () => undefined,
  };
  await using http = openHttp({
    context: {
      grammars: {
        compile: () => ({ unenforced: [], createMatcher: () => exhausting }) as unknown as CompiledGrammar,
        check: () => expect.unreachable(),
      },
    },
  });
  const format = { response_format: { type: 'json_object' } };
  const failed = await http.post(route, chat('abcdef', format));
  expect([failed.status, failed.body.error.param]).toEqual([400, 'response_format']);
  expect(failed.body.error.message).toContain('too much work');
  expect((await http.post(route, chat('fine'))).body.choices[0].message.content).toBe('fine');
});

describe('refused, naming the place', () => {
  test.each([
    [{ response_format: { type: 'json_schema' } }, 'response_format', 'needs json_schema'],
    [
      { response_format: { type: 'json_object', schema, json_schema: schema } },
      'response_format',
      'not both',
    ],
    [{ response_format: { type: 'json_object', schema: '{{' } }, 'response_format.schema', 'not JSON'],
    [
      { response_format: { type: 'json_object', schema: { properties: { a: { type: 'strnig' } } } } },
      'response_format.schema',
      '/properties/a',
    ],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'x', schema: { $ref: '#/nowhere' } } } },
      'response_format.json_schema.schema',
      'nowhere',
    ],
    [{ response_format: { type: 'grammar', grammar: 'root ::= (' } }, 'response_format.grammar', 'line 1'],
    [
      { tools: [weather, { type: 'function', function: { name: 'b', parameters: { type: 5 } } }] },
      'tools[1].function.parameters',
      'type',
    ],
    [
      { tools: [weather], tool_choice: 'any', response_format: { type: 'json_object' } },
      'response_format',
      'tool_choice',
    ],
  ])('%j', async (more, param, words) => {
    const { status, body } = await obedient.post(route, chat('x', more));
    expect([status, body.error?.param]).toEqual([400, param]);
    expect(body.error.message).toContain(words);
  });
});
