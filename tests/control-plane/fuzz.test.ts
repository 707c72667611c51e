import { type Method, type PlainSchema, plain, queryOf, type Resource } from '@sparkler/api';
import { resources } from '@sparkler/api/resources';
import fc from 'fast-check';
import { Client } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/**
 * Whatever ids, parameters, headers and bodies hold, what a method answers is no fault of the server: never a
 * 5xx, and never no answer. Always the same requests, so that the test is steady; another seed is another
 * thousand of them.
 */

const seed = Number(process.env.SPARKLER_FUZZ_SEED ?? 7);
const perMethod = Number(process.env.SPARKLER_FUZZ_RUNS ?? 12);

let plane: ControlPlane;
let client: Client;
let key: string;
beforeAll(async () => {
  plane = await startControlPlane();
  client = new Client(plane.baseUrl);
  // An operator gets furthest; it is not the user that requests delete or change.
  key = await plane.makeUser('local', 'chief', 'admin');
  await plane.makeUser('local', 'root', 'user');
});
afterAll(async () => {
  await client.close();
  await plane.close();
});

const oddTexts = [
  '',
  '-',
  '..',
  '%00',
  '\0',
  "'; drop table users; --",
  '\ud800',
  'é𝕏',
  '9'.repeat(40),
  'a'.repeat(300),
  'accounts/local/models/m',
  '__proto__',
  '2026-02-30T99:00:00Z',
  '-1s',
  '1e400',
  '{"a":1}',
];
const text = fc.oneof(fc.constantFrom(...oddTexts), fc.string({ unit: 'binary', maxLength: 20 }));
const junk = fc.oneof(
  { weight: 3, arbitrary: text },
  {
    weight: 2,
    arbitrary: fc.constantFrom(null, true, 0, -1, 2 ** 53, 1e308, [], {}, [[]], { a: { b: [] } }),
  },
  { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown> },
);
const id = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom('root', 'nothing-here', 'a', 'tokens-per-day-over-100b') },
  { weight: 1, arbitrary: text },
);

/** A few of the fields of a schema, with what they should hold, seldom with anything. */
function objectOf(schema: PlainSchema | null, depth = 2): fc.Arbitrary<unknown> {
  const properties = Object.entries(schema?.properties ?? {});
  if (properties.length === 0 || depth === 0) return junk;
  const fields = properties.map(([name, field]) => {
    const value = fc.oneof(
      { weight: 1, arbitrary: junk },
      { weight: 9, arbitrary: fieldOf(field, depth - 1) },
    );
    return value.map((made): [string, unknown] => [name, made]);
  });
  const isRequired = (name: string) => schema?.properties?.[name]?.['x-required'] === true;
  const required = properties.flatMap(([name], index) => (isRequired(name) ? [fields[index]!] : []));
  return fc
    .tuple(fc.tuple(...required), fc.array(fc.oneof(...fields), { maxLength: 3 }))
    .map(([always, some]) => Object.fromEntries([...always, ...some]));
}

function fieldOf(schema: PlainSchema, depth: number): fc.Arbitrary<unknown> {
  if (schema.enum !== undefined) return fc.constantFrom(...(schema.enum as unknown[]));
  if (schema.type === 'object') return objectOf(schema, depth);
  if (schema.type === 'array') return fc.array(fieldOf(schema.items ?? {}, depth), { maxLength: 3 });
  if (schema.type === 'string') {
    return fc.oneof(fc.constantFrom('1', 'abc', '2026-01-01T00:00:00Z', 'a@b.test'), text);
  }
  if (schema.type === 'boolean') return fc.boolean();
  return fc.constantFrom(1, 2, 0.5);
}

/** As Node lets headers be sent: no line ends, and Latin-1. */
const headerValue = fc.oneof(
  fc.constantFrom('*', '"x"', 'W/"1"', '()', 'a'.repeat(5_000), 'é', 'application/json', 'text/plain', '\t'),
  fc.string({ maxLength: 20 }),
);
const headers = fc.dictionary(
  fc.constantFrom(
    ...['if-match', 'x-request-id', 'cookie', 'accept', 'content-type', 'user-agent', 'origin', 'range'],
    ...['x-forwarded-for', 'x-fireworks-account-id', 'x-api-key', 'accept-encoding', 'sparkler-bill'],
  ),
  headerValue,
  { maxKeys: 3 },
);

interface Sent {
  readonly ids: readonly string[];
  readonly query: readonly (readonly [string, unknown])[];
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

function requestsOf(method: Method): fc.Arbitrary<Sent> {
  const schema =
    'body' in method && method.body !== null ? method.body : 'resource' in method ? method.resource : null;
  const names = [...Object.keys(plain(queryOf(method)).properties ?? {}), 'nonsense'];
  return fc.record({
    ids: fc.array(id, { minLength: 4, maxLength: 4 }),
    query: fc.array(fc.tuple(fc.constantFrom(...names), junk), { maxLength: 3 }),
    headers,
    body: schema === null ? junk : objectOf(plain(schema)),
  });
}

async function send(method: Method, { ids, query, headers: more, body }: Sent): Promise<number> {
  let at = 0;
  const path = method.path
    .replace('{account}', () => (ids[3] === 'root' ? encode(ids[2]!) : 'local'))
    .replaceAll(/\{\w+\}/g, () => encode(ids[at++ % 3]!));
  const parameters = query.map(([name, value]) => `${name}=${encode(String(value))}`).join('&');
  const hasBody = method.httpMethod !== 'GET' && method.httpMethod !== 'DELETE';
  const response = await client.request({
    method: method.httpMethod,
    path: parameters === '' ? path : `${path}?${parameters}`,
    headers: { 'content-type': 'application/json', ...more, authorization: `Bearer ${key}` },
    body: hasBody ? JSON.stringify(body) : null,
  });
  await response.body.dump();
  return response.statusCode;
}

const encode = (part: string): string => encodeURIComponent(part.toWellFormed()) || '-';

const methods: Method[] = Object.values(resources as Record<string, Resource>).flatMap((resource) =>
  Object.values(resource.methods),
);

test('no method of the contract fails inside, whatever it is sent', async () => {
  const faults: string[] = [];
  let understood = 0;
  for (const method of methods) {
    for (const request of fc.sample(requestsOf(method), { seed, numRuns: perMethod })) {
      const status = await send(method, request);
      if (status >= 500) faults.push(`${method.operationId} ${status}: ${JSON.stringify(request)}`);
      if (status === 200) understood += 1;
    }
  }
  expect(faults).toEqual([]);
  // It is no test of the router alone.
  expect(understood).toBeGreaterThan(50);
}, 120_000);

test('a body that is nested deeper than anything can read is refused, not tried', async () => {
  const deep = (open: string, close: string) => `${open.repeat(50_000)}1${close.repeat(50_000)}`;
  for (const body of [deep('[', ']'), deep('{"a":', '}')]) {
    const response = await client.request({
      method: 'POST',
      path: '/v1/accounts/local/models',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
      body,
    });
    await response.body.dump();
    expect(response.statusCode).toBe(400);
  }
});

test('no odd key is taken, and none fails inside', async () => {
  const values = fc.sample(headerValue, { seed, numRuns: 20 });
  const [{ prefix }] = (await plane.database.db
    .selectFrom('api_keys')
    .select('prefix')
    .limit(1)
    .execute()) as [{ prefix: string }];
  const schemes = ['', 'Bearer ', 'bearer  ', `Bearer ${prefix}`, `Basic `];
  for (const [index, value] of values.entries()) {
    const response = await client.request({
      method: 'GET',
      path: '/v1/accounts/local/users',
      headers: { authorization: schemes[index % schemes.length] + value },
    });
    await response.body.dump();
    expect([400, 401, 429, 431]).toContain(response.statusCode);
  }
}, 120_000);
