import { afterAll, expect, test } from 'vitest';
import { createHashScript } from '../runners/scripted/scripts.ts';
import { chat, completion, openHttp } from '../testing/open-http.ts';

const http = openHttp({ model: { script: createHashScript() } });
afterAll(() => http[Symbol.asyncDispose]());

const header = 'fireworks-unenforced-keywords';
const loose = {
  type: 'object',
  properties: { 'a,é': { type: 'array', maxItems: 2, items: { enum: [[1], [2]] }, uniqueItems: true } },
  required: ['a,é'],
};
const exact = { type: 'object', properties: { a: { type: 'integer', maximum: 9, minimum: 0 } } };

test.each([
  [{ type: 'json_object', schema: loose }, 'response_format.schema'],
  [{ type: 'json_schema', json_schema: { name: 'x', schema: loose } }, 'response_format.json_schema.schema'],
])('a header lists keywords not enforced, for %j', async (response_format, field) => {
  const said = `${field}#/properties/a%2C%C3%A9/uniqueItems`;
  const whole = await http.post('/v1/chat/completions', chat('x', { response_format, max_tokens: 60 }));
  expect([whole.status, whole.headers[header]]).toEqual([200, said]);
  const bare = await http.post('/v1/completions', completion('x', { response_format, max_tokens: 60 }));
  expect([bare.status, bare.headers[header]]).toEqual([200, said]);
});

test('no header where everything is enforced', async () => {
  const response_format = { type: 'json_object', schema: exact, strict: true };
  const { status, headers } = await http.post('/v1/completions', completion('x', { response_format }));
  expect([status, headers[header]]).toEqual([200, undefined]);
});

test('the header is there in streams, and stays short', async () => {
  await using server = openHttp();
  const names = Array.from({ length: 200 }, (_, place) => `property-${place}`);
  const properties = Object.fromEntries(names.map((name) => [name, { format: 'stardate' }]));
  const asked = chat('{}', {
    response_format: { type: 'json_object', schema: { properties } },
    stream: true,
  });
  // Injected requests do not see what was written straight to the socket.
  const url = await server.server.listen({ host: '127.0.0.1', port: 0 });
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(asked),
  });
  await response.text();
  const listed = response.headers.get(header)!.split(', ');
  expect(listed[0]).toMatch(/^response_format\.schema#\/properties\/property-\d+\/format$/);
  expect(listed.at(-1)).toBe(`and ${200 - listed.length + 1} more`);
  expect(response.headers.get(header)!.length).toBeLessThan(2200);
});

test.each([
  [{ response_format: { type: 'json_object', schema: loose, strict: true } }, 'response_format.schema'],
  [
    { response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema: loose } } },
    'response_format.json_schema.schema',
  ],
  [
    { response_format: { type: 'json_schema', strict: true, json_schema: loose } },
    'response_format.json_schema',
  ],
  [
    { tools: [{ type: 'function', function: { name: 'f', parameters: loose, strict: true } }] },
    'tools[0].function.parameters',
  ],
])('strict refuses instead: %j', async (more, param) => {
  const { status, body } = await http.post('/v1/chat/completions', chat('x', more));
  expect([status, body.error.param]).toEqual([400, param]);
  expect(body.error.message).toMatch(/"uniqueItems" cannot be enforced.*leave out strict/);
  const check = await http.post('/v1/response_format/check', { model: 'test', ...more });
  expect([check.status, check.body.error.message]).toEqual([400, body.error.message]);
});

test('keywords of tools are listed, and all of them where the model writes no JSON', async () => {
  const tools = [
    { type: 'function', function: { name: 'e', parameters: exact } },
    { type: 'function', function: { name: 'f', parameters: loose } },
  ];
  const { headers } = await http.post('/v1/chat/completions', chat('x', { tools }));
  expect(headers[header]).toBe('tools[1].function.parameters#/properties/a%2C%C3%A9/uniqueItems');
  await using tagged = openHttp({
    chatTemplate: '{# <parameter= #}{% for m in messages %}{{ m.content }}{% endfor %}{{ tools | tojson }}',
  });
  const answer = await tagged.post('/v1/chat/completions', chat('x', { tools }));
  expect(answer.headers[header]).toBe('tools[0].function.parameters#, tools[1].function.parameters#');
  const strict = [{ type: 'function', function: { name: 'e', parameters: exact, strict: true } }];
  const refused = await tagged.post('/v1/chat/completions', chat('x', { tools: strict }));
  expect([refused.status, refused.body.error.param]).toEqual([400, 'tools[0].function.parameters']);
});

test('a check says keyword by keyword what is enforced, and what it costs', async () => {
  const { status, body } = await http.post('/v1/response_format/check', {
    model: 'test',
    response_format: { type: 'json_object', schema: loose },
    tools: [{ type: 'function', function: { name: 'e', parameters: exact } }],
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({ object: 'response_format.check', model: 'test' });
  const [format, tool] = body.checks;
  expect([format.field, format.enforced]).toEqual(['response_format.schema', false]);
  expect(format.keywords).toContainEqual({
    path: '/properties/a,é',
    keyword: 'uniqueItems',
    status: 'unenforced',
    reason: expect.stringContaining('not compared'),
  });
  expect([tool.field, tool.enforced]).toEqual(['tools[0].function.parameters', true]);
  expect(tool.keywords).toContainEqual({ path: '/properties/a', keyword: 'maximum', status: 'enforced' });
  expect(tool.cost.steps).toBeGreaterThan(0);
  expect(tool.cost.steps).toBeLessThan(tool.cost.steps_max);
});

test('a check takes grammars, and refuses what a request would be refused for', async () => {
  const check = (response_format: object) =>
    http.post('/v1/response_format/check', { model: 'test', response_format });
  const taken = await check({ type: 'grammar', grammar: 'root ::= "a"+' });
  expect(taken.body.checks[0]).toMatchObject({
    field: 'response_format.grammar',
    enforced: true,
    keywords: [],
  });
  const wrong = await check({ type: 'grammar', grammar: 'root ::= (' });
  expect([wrong.status, wrong.body.error.param]).toEqual([400, 'response_format.grammar']);
  expect(wrong.body.error.message).toContain('line 1, column 10');
});
