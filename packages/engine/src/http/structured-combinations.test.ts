import { afterAll, expect, test } from 'vitest';
import { createHashScript } from '../runners/scripted/scripts.ts';
import { chat, completion, openHttp } from '../testing/open-http.ts';

/**
 * What a schema or grammar has to get on with: choices, log probabilities, guesses ahead, stops and limits.
 */
const babbling = openHttp({ model: { script: createHashScript() } });
const obedient = openHttp();
afterAll(async () => {
  for (const http of [babbling, obedient]) await http[Symbol.asyncDispose]();
});

const schema = {
  type: 'object',
  properties: { kind: { enum: ['north', 'south'] }, count: { type: 'integer', minimum: 0, maximum: 99 } },
  required: ['kind', 'count'],
};
const response_format = { type: 'json_object', schema };
const route = '/v1/completions';

function expectFits(text: string): void {
  const value = JSON.parse(text);
  expect(Object.keys(value).sort()).toEqual(['count', 'kind']);
  expect(['north', 'south']).toContain(value.kind);
  expect(value.count >= 0 && value.count <= 99 && Number.isInteger(value.count)).toBe(true);
}

test('several choices, each with its own text', async () => {
  const { body } = await babbling.post(
    route,
    completion('x', { response_format, n: 6, temperature: 1, seed: 3 }),
  );
  const texts = body.choices.map((choice: { text: string }) => choice.text);
  for (const text of texts) expectFits(text);
  expect(new Set(texts).size).toBeGreaterThan(1);
});

test('guesses ahead, right and wrong ones, change no text', async () => {
  const asked = { response_format, temperature: 0.7, seed: 5, max_tokens: 300 };
  const plain = await babbling.post(route, completion('x', { ...asked, disable_speculation: true }));
  const text: string = plain.body.choices[0].text;
  expectFits(text);
  for (const guess of [text, `${text.slice(0, 9)}~${text.slice(10)}`, 'something else', `${text} and more`]) {
    const { body } = await babbling.post(
      route,
      completion('x', { ...asked, prediction: { type: 'content', content: guess } }),
    );
    expect(body.choices[0]).toMatchObject({ text, finish_reason: 'stop' });
  }
});

test('log probabilities have an entry a token, and the text fits', async () => {
  const { body } = await babbling.post(route, completion('x', { response_format, logprobs: 2, seed: 1 }));
  const { text, logprobs } = body.choices[0];
  expectFits(text);
  expect(logprobs.tokens.join('')).toBe(text);
  expect(logprobs.token_logprobs).toHaveLength(body.usage.completion_tokens);
});

test('a cut answer says so, and is the beginning of a right one', async () => {
  const said = '{"kind": "north", "count": 12}';
  const { body } = await obedient.post(
    '/v1/chat/completions',
    chat(said, { response_format, max_tokens: 20, disable_speculation: true }),
  );
  const { message, finish_reason } = body.choices[0];
  expect([finish_reason, message.content]).toEqual(['length', said.slice(0, 20)]);
});

test('a stop string ends an answer under a schema', async () => {
  const said = '{"kind": "north", "count": 12}';
  const { body } = await obedient.post(
    '/v1/chat/completions',
    chat(said, { response_format, stop: ['"count"'] }),
  );
  expect(body.choices[0].finish_reason).toBe('stop');
  expect(said.startsWith(body.choices[0].message.content.replace(/"count"$/, ''))).toBe(true);
});

test.each([' ', '\n', '\t'])('a model that writes nothing but %j comes to an end', async (blank) => {
  const { body } = await obedient.post(
    '/v1/chat/completions',
    chat(`{${blank.repeat(2000)}`, { response_format, max_tokens: 3000 }),
  );
  expect(body.choices[0].finish_reason).toBe('stop');
  expectFits(body.choices[0].message.content);
});

test('a model that writes nothing but digits comes to an end', async () => {
  const number = {
    type: 'json_object',
    schema: { type: 'object', properties: { a: { type: 'number' } }, required: ['a'] },
  };
  for (const digits of ['1'.repeat(2000), `0.${'3'.repeat(2000)}`, `1e${'1'.repeat(2000)}`]) {
    const asked = chat(`{"a": ${digits}`, { response_format: number, max_tokens: 3000 });
    const { body } = await obedient.post('/v1/chat/completions', asked);
    expect(body.choices[0].finish_reason).toBe('stop');
    expect(Number.isFinite(JSON.parse(body.choices[0].message.content).a)).toBe(true);
  }
});

/** Deep, wide, exploding, endless: each has to be refused or served, and the server goes on. */
const names = Array.from({ length: 2000 }, (_, place) => `n${place}`);
const HOSTILE: readonly (readonly [string, object])[] = [
  [
    'alternatives that multiply',
    {
      allOf: Array.from({ length: 30 }, (_, at) => ({
        anyOf: names.slice(0, 30).map((name) => ({ required: [`${name}${at}`] })),
      })),
    },
  ],
  ['a reference to itself', { $ref: '#' }],
  [
    'references in a circle',
    { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { allOf: [{ $ref: '#/$defs/a' }] } } },
  ],
  ['counts without measure', { type: 'array', minItems: 1e9, items: { type: 'array', minItems: 1e9 } }],
  ['a length without measure', { type: 'string', minLength: 1e9 }],
  ['a pattern of nested repetitions', { type: 'string', pattern: '^((a{1,1000}){1,1000}){1,1000}$' }],
  [
    'patterns against each other',
    { allOf: names.slice(0, 40).map((_, at) => ({ pattern: `(a|b)*a(a|b){${at + 10}}` })) },
  ],
  [
    '2,000 properties',
    {
      properties: Object.fromEntries(names.map((name) => [name, { enum: names.slice(0, 20) }])),
      required: names,
    },
  ],
  [
    'negations of negations',
    { not: { not: { not: { allOf: names.slice(0, 60).map((name) => ({ not: { required: [name] } })) } } } },
  ],
  [
    'exclusive alternatives',
    { oneOf: names.slice(0, 80).map((name) => ({ properties: { [name]: { type: 'string' } } })) },
  ],
];

test.each(HOSTILE)('a hostile schema is refused or served: %s', async (_, hostile) => {
  const asked = completion('x', { response_format: { type: 'json_object', schema: hostile }, max_tokens: 5 });
  const { status, body } = await babbling.post(route, asked);
  if (status === 400) expect(body.error.param).toMatch(/^response_format/);
  else expect([status, body.choices?.length]).toEqual([200, 1]);
});

test.each([
  ['brackets', `root ::= ${'('.repeat(5000)}"a"${')'.repeat(5000)}`],
  ['repetitions of repetitions', `root ::= ${'('.repeat(90)}"a"${'{1,90})'.repeat(90)}`],
  ['ambiguity', 'root ::= root root root | "a" | ""'],
  ['a rule that never ends', 'root ::= "a" root'],
  [
    'many rules',
    `root ::= ${names.join(' | ')}\n${names.map((name, at) => `${name} ::= ${names[at + 1] ?? '"a"'} | "b"`).join('\n')}`,
  ],
])('a hostile grammar is refused or served: %s', async (_, grammar) => {
  const asked = completion('x', { response_format: { type: 'grammar', grammar }, max_tokens: 40 });
  const { status, body } = await babbling.post(route, asked);
  if (status === 400) expect(body.error.param).toMatch(/^response_format/);
  else expect([status, body.choices?.length]).toEqual([200, 1]);
});

test('after all that the server serves', async () => {
  const { body } = await obedient.post('/v1/chat/completions', chat('fine'));
  expect(body.choices[0].message.content).toBe('fine');
});
