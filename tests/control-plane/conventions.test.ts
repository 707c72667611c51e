import { type PlainSchema, plain, type Resource } from '@sparkler/api';
import { resources } from '@sparkler/api/resources';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

function listedResources(): [name: string, path: string, schema: PlainSchema][] {
  return Object.entries<Resource>(resources).flatMap(([name, resource]) => {
    const list = Object.values(resource.methods).find((method) => method.kind === 'list');
    return list === undefined ? [] : [[name, list.path, plain(resource.schema)]];
  });
}

/**
 * Filters and orders that make sense for some type of field; the API refuses the others. That those it takes
 * find what they should is in resource-conventions.test.ts.
 */
function queriesOf(name: string, field: PlainSchema): Record<string, string>[] {
  const inner = Object.keys(field.properties ?? {}).map((key) => `${name}.${key}`);
  const values = ['1', '"x"', '"2026-01-01T00:00:00Z"', 'null'];
  return [
    ...[name, ...inner].flatMap((path) => [{ orderBy: `${path} desc` }, { filter: `${path}:*` }]),
    ...values.flatMap((value) =>
      ['=', '<', ':'].map((operator) => ({ filter: `${name}${operator}${value}` })),
    ),
    ...inner.map((path) => ({ filter: `${path}="x"` })),
  ];
}

let plane: ControlPlane;
beforeAll(async () => {
  plane = await startControlPlane();
});
afterAll(() => plane.close());

const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);
const models = '/v1/accounts/acme/models';

describe('changes that meet', () => {
  test('of different fields both stay', async () => {
    await call('POST', models, { modelId: 'shared', model: {} });
    await Promise.all([
      call('PATCH', `${models}/shared`, { displayName: 'a' }),
      call('PATCH', `${models}/shared`, { description: 'b' }),
    ]);
    expect((await call('GET', `${models}/shared`)).body).toMatchObject({
      displayName: 'a',
      description: 'b',
    });
  });

  test('with an etag, only the first of two is taken', async () => {
    await call('POST', models, { modelId: 'contended', model: {} });
    const etag = (await call('GET', `${models}/contended`)).headers.get('etag')!;
    const results = await Promise.all(
      ['one', 'two', 'three'].map((displayName) =>
        call('PATCH', `${models}/contended`, { displayName }, { headers: { 'if-match': etag } }),
      ),
    );
    expect(results.map((result) => result.status).sort()).toEqual([200, 409, 409]);
    expect(results.find((result) => result.status === 409)?.body).toMatchObject({ code: 10 });
    const stale = await call('DELETE', `${models}/contended`, undefined, { headers: { 'if-match': etag } });
    expect(stale.status).toBe(409);
    expect(
      (await call('DELETE', `${models}/contended`, undefined, { headers: { 'if-match': '*' } })).status,
    ).toBe(200);
  });

  test('every change gives another etag, however fast they come', async () => {
    await call('POST', models, { modelId: 'fast', model: {} });
    const etags = new Set<string | null>();
    for (let index = 0; index < 20; index += 1) {
      etags.add((await call('PATCH', `${models}/fast`, { displayName: `n${index}` })).headers.get('etag'));
    }
    expect(etags.size).toBe(20);
  });
});

describe('lists', () => {
  test('walk through all pages once, in the order asked for', async () => {
    const key = await plane.makeUser('lister', 'lia', 'admin');
    const base = '/v1/accounts/lister/models';
    for (let index = 0; index < 7; index += 1) {
      const model = { displayName: `n${index % 3}` };
      await call('POST', base, { modelId: `m${index}`, model }, { key });
    }
    const seen: string[] = [];
    let token = '';
    do {
      const query = new URLSearchParams({
        pageSize: '3',
        orderBy: 'displayName desc, name',
        pageToken: token,
      });
      const { body } = await call('GET', `${base}?${query}`, undefined, { key });
      expect(body.totalSize).toBe(7);
      seen.push(...body.models.map((model: { name: string }) => model.name.slice(-2)));
      token = body.nextPageToken;
    } while (token !== '');
    expect(seen).toEqual(['m2', 'm5', 'm1', 'm4', 'm0', 'm3', 'm6']);
    const filtered = await call('GET', `${base}?filter=displayName="n1"&readMask=name`, undefined, { key });
    expect(filtered.body).toEqual({
      models: [{ name: 'accounts/lister/models/m4' }, { name: 'accounts/lister/models/m1' }],
      nextPageToken: '',
      totalSize: 2,
    });
  });

  test.each([
    ['filter=nope=1', 'filter'],
    ['orderBy=nope', 'orderBy'],
    ['readMask=nope', 'readMask'],
    ['pageToken=xx', 'pageToken'],
    ['pageSize=-1', 'pageSize'],
    ['filter=deployedModelRefs:name', 'filter'],
  ])('%s is refused, naming the parameter', async (query, field) => {
    const { status, body } = await call('GET', `${models}?${query}`);
    expect(status).toBe(400);
    expect(body.details[0].fieldViolations[0].field).toBe(field);
  });

  test.each(listedResources())(
    'of %s can be searched and ordered by any field, or say that it can not',
    async (_, path, schema) => {
      const url = path.replaceAll('{account}', 'acme').replaceAll('{user}', 'root');
      const offered = (await call('GET', url)).status;
      // Resources without handlers are not offered.
      if (offered === 404) return;
      expect(offered).toBe(200);
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        for (const query of queriesOf(name, field)) {
          const { status, body } = await call('GET', `${url}?${new URLSearchParams(query)}`);
          expect([200, 400], `${JSON.stringify(query)}: ${JSON.stringify(body)}`).toContain(status);
          if (status === 400) expect(body.details[0].fieldViolations[0].field).toBe(Object.keys(query)[0]);
        }
      }
    },
  );

  test('of 100,000 models are read through indexes', async () => {
    const { database } = plane;
    await database.pool.query(`insert into accounts (id) values ('huge')`);
    await database.pool.query(`
      insert into models (name, account, kind, state, display_name, create_time)
      select 'accounts/huge/models/m' || i, 'huge', 'HF_BASE_MODEL', 'READY', 'Model ' || i,
        timestamptz '2026-01-01' + i * interval '1 second' from generate_series(1, 100000) i`);
    await database.pool.query('vacuum analyze models');
    const key = await plane.makeUser('huge', 'hugo', 'admin');
    const base = '/v1/accounts/huge/models?pageSize=200';
    const first = await call('GET', base, undefined, { key });
    expect(first.body.totalSize).toBe(100_000);
    expect(first.body.models[0].name).toBe('accounts/huge/models/m100000');
    const second = await call('GET', `${base}&pageToken=${first.body.nextPageToken}`, undefined, { key });
    expect(second.body.models[0].name).toBe('accounts/huge/models/m99800');
    const { orderFields } = resources.models.methods.list;
    for (const order of orderFields!.flatMap((field) => [field, `${field} desc`])) {
      const page = await call('GET', `${base}&${new URLSearchParams({ orderBy: order })}`, undefined, {
        key,
      });
      expect(page.body.models, order).toHaveLength(200);
      expect(await planOf(order), order).not.toMatch(/Sort|Seq Scan/);
    }
    const closed = await call('GET', `${base}&orderBy=description`, undefined, { key });
    expect(closed.body.message).toContain('there is no order by description; use name, displayName');
  });

  test('of models can be filtered by a field that they can not be ordered by', async () => {
    expect((await call('GET', `${models}?filter=description="x"`)).status).toBe(200);
  });
});

/** How Postgres finds a page of models in an order. */
async function planOf(order: string): Promise<string> {
  const [field = '', direction = ''] = order.split(' ');
  const column = field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const key = /_time$|_length$/.test(column) ? column : `${column} collate "C"`;
  const keys = [...new Set([key, 'name collate "C"'])].map((text) => `${text} ${direction}`);
  const { rows } = await plane.database.pool.query(
    `explain select * from models where account = 'huge' order by ${keys.join(', ')} limit 51`,
  );
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}
