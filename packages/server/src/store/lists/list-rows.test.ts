import {
  type ListPage,
  type ListQuery,
  listItems,
  type PlainSchema,
  plain,
  readListQuery,
} from '@sparkler/api';
import { Model } from '@sparkler/api/resources';
import fc from 'fast-check';
import { sql } from 'kysely';
import type { Static } from 'typebox';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestDatabase, type TestDatabase } from '../testing.ts';
import { column, json, nullableColumn } from './field-sql.ts';
import { type ListSource, listRows } from './list-rows.ts';

type StoredModel = Static<typeof Model> & { name: string };

/**
 * Some fields in columns, with and without nulls, the rest inside jsonb: every form that tables of resources
 * have.
 */
const source: ListSource = {
  from: sql`things`,
  scope: sql`true`,
  uniqueKey: sql`name`,
  fields: {
    name: column(sql`name`),
    createTime: column(sql`create_time`),
    updateTime: nullableColumn(sql`update_time`),
    displayName: nullableColumn(sql`display_name`),
    public: column(sql`is_public`),
    contextLength: nullableColumn(sql`context_length`),
    state: column(sql`state`),
    precisions: column(sql`to_jsonb(precisions)`),
    ...Object.fromEntries(
      [
        'description',
        'baseModelDetails',
        'peftDetails',
        'defaultSamplingParams',
        'kind',
        'supportsTools',
      ].map((key) => [key, json(sql`(rest -> ${key}::text)`)]),
    ),
  },
};

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await sql`create table things (
    name text primary key, create_time timestamptz(3) not null, update_time timestamptz(3), display_name text,
    is_public boolean not null, context_length integer, state text not null, precisions text[] not null,
    rest jsonb not null, resource jsonb not null)`.execute(database.db);
});
afterAll(() => database.close());

const words = ['', 'a', 'A', 'ab', 'B%', 'é', 'É', 'b_\\', 'ß', '\u{1f600}', '\uffee', "o'x", '0'];
const times = ['2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.001Z', '2026-06-01T12:00:00.000Z'];
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

const model = fc.record(
  {
    createTime: fc.constantFrom(...times),
    updateTime: maybe(fc.constantFrom(...times)),
    displayName: maybe(fc.constantFrom(...words)),
    public: fc.boolean(),
    contextLength: maybe(fc.constantFrom(0, 1, 2, 4096)),
    state: fc.constantFrom('UPLOADING', 'READY'),
    precisions: fc.subarray(['FP16', 'FP8', 'BF16']),
    description: maybe(fc.constantFrom(...words)),
    kind: maybe(fc.constantFrom('HF_BASE_MODEL', 'HF_PEFT_ADDON')),
    supportsTools: maybe(fc.boolean()),
    baseModelDetails: maybe(
      fc.record(
        {
          worldSize: maybe(fc.constantFrom(0, 1, 8)),
          parameterCount: maybe(fc.constantFrom('0', '7', '9007199254740993')),
          moe: maybe(fc.boolean()),
        },
        { requiredKeys: [] },
      ),
    ),
    peftDetails: maybe(
      fc.record({
        baseModel: fc.constantFrom(...words),
        r: fc.constantFrom(4, 8),
        targetModules: fc.subarray(['q_proj', 'k_proj', '']),
      }),
    ),
    defaultSamplingParams: maybe(
      fc.dictionary(fc.constantFrom('temperature', 'a b', '0'), fc.constantFrom(0, 0.5, 1)),
    ),
  },
  { noNullPrototype: true },
);

const quoted = (text: string) => `"${text.replaceAll(/["\\*]/g, '\\$&')}"`;
const order = fc.constantFrom('=', '!=', '<', '<=', '>', '>=');
const equality = fc.constantFrom('=', '!=');
const word = fc.constantFrom(...words).map(quoted);

const restriction = fc
  .oneof(
    fc.tuple(fc.constantFrom('name', 'displayName', 'description', 'peftDetails.baseModel'), order, word),
    fc.tuple(
      fc.constantFrom('displayName', 'description'),
      equality,
      fc.constantFrom('"a*"', '"*%*"', '"*_\\\\*"', '*'),
    ),
    fc.tuple(fc.constantFrom('displayName', 'peft_details.base_model'), fc.constant(':'), word),
    fc.tuple(
      fc.constantFrom('createTime', 'updateTime'),
      order,
      fc.constantFrom(...times, '2026-06-01').map(quoted),
    ),
    fc.tuple(fc.constantFrom('updateTime', 'peftDetails', 'baseModelDetails'), equality, fc.constant('null')),
    fc.tuple(
      fc.constantFrom('public', 'supportsTools', 'baseModelDetails.moe'),
      equality,
      fc.constantFrom('true', 'false'),
    ),
    fc.tuple(
      fc.constantFrom('contextLength', 'baseModelDetails.worldSize'),
      order,
      fc.constantFrom('0', '1', '2.5', '-1', '1e3'),
    ),
    fc.tuple(
      fc.constant('baseModelDetails.parameterCount'),
      order,
      fc.constantFrom('0', '7', '9007199254740993', '-3'),
    ),
    fc.tuple(fc.constant('defaultSamplingParams.temperature'), order, fc.constantFrom('0', '0.5')),
    fc.tuple(fc.constantFrom('kind'), equality, fc.constantFrom('KIND_UNSPECIFIED', 'HF_PEFT_ADDON')),
    fc.tuple(fc.constant('precisions'), fc.constant(':'), fc.constantFrom('FP8', 'BF16', '*')),
    fc.tuple(
      fc.constant('peftDetails.targetModules'),
      fc.constant(':'),
      fc.constantFrom('q_proj', '""', '*'),
    ),
    fc.tuple(
      fc.constant('defaultSamplingParams'),
      fc.constant(':'),
      fc.constantFrom('temperature', '"a b"', '*'),
    ),
    fc.tuple(
      fc.constant('peftDetails'),
      fc.constant(':'),
      fc.constantFrom('baseModel', 'targetModules', 'r'),
    ),
    fc.tuple(
      fc.constantFrom(
        'name',
        'createTime',
        'updateTime',
        'displayName',
        'public',
        'contextLength',
        'state',
        'kind',
      ),
      fc.constant(':'),
      fc.constant('*'),
    ),
  )
  .map(([field, operator, value]) => `${field} ${operator} ${value}`);

const filterText: fc.Arbitrary<string> = fc.letrec<{ filter: string }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    restriction,
    tie('filter').map((inner) => `NOT (${inner})`),
    fc
      .tuple(tie('filter'), fc.constantFrom('AND', 'OR', ''), tie('filter'))
      .map(([a, op, b]) => `(${a}) ${op} (${b})`),
  ),
})).filter;

const orderText = fc
  .uniqueArray(
    fc.tuple(
      fc.constantFrom(
        'name',
        'createTime',
        'updateTime',
        'displayName',
        'public',
        'contextLength',
        'kind',
        'baseModelDetails.parameterCount',
        'baseModelDetails.worldSize',
        'peftDetails.baseModel',
        'supportsTools',
      ),
      fc.constantFrom('', ' desc'),
    ),
    { maxLength: 3, selector: ([name]) => name },
  )
  .map((keys) => keys.map(([name, direction]) => name + direction).join(', '));

async function store(models: readonly StoredModel[]): Promise<void> {
  await sql`truncate things`.execute(database.db);
  for (const item of models) {
    await sql`insert into things values (${item.name}, ${item.createTime}, ${item.updateTime ?? null},
      ${item.displayName ?? null}, ${item.public}, ${item.contextLength ?? null}, ${item.state},
      ${item.precisions ?? []}, ${JSON.stringify(item)}, ${JSON.stringify(item)})`.execute(database.db);
  }
}

const schema: PlainSchema = plain(Model);
const read = (parameters: Record<string, string>): ListQuery => readListQuery(schema, parameters, 'things');
const list = (query: ListQuery): Promise<ListPage<StoredModel>> =>
  listRows(database.db, source, query, (row: { resource: StoredModel }) => row.resource);

describe('a list in SQL', () => {
  test('has the rows, pages, order and total that the same list in memory has', async () => {
    const models = fc
      .array(model, { maxLength: 12 })
      .map((items) =>
        items.map(
          (item, index) => ({ ...(item as object), name: `accounts/a/models/m${index}` }) as StoredModel,
        ),
      );
    const asked = fc.record({
      filter: fc.option(filterText, { nil: '' }),
      orderBy: orderText,
      pageSize: fc.constantFrom('1', '3', '50'),
    });
    await fc.assert(
      fc.asyncProperty(models, fc.array(asked, { minLength: 1, maxLength: 12 }), async (items, queries) => {
        await store(items);
        for (const parameters of queries) await compareAllPages(items, parameters);
      }),
      { numRuns: 100 },
    );
  });

  async function compareAllPages(items: readonly StoredModel[], parameters: Record<string, string>) {
    let query = read(parameters);
    for (;;) {
      const expected = listItems(items, query, (item) => item.name);
      const page = await list(query);
      expect(page.items.map((item) => item.name)).toEqual(expected.items.map((item) => item.name));
      expect(page.totalSize).toBe(expected.totalSize);
      expect(page.nextCursor).toEqual(expected.nextCursor);
      if (page.nextCursor === null) return;
      query = { ...query, cursor: page.nextCursor };
    }
  }

  test('never fails on a cursor that somebody made up', async () => {
    await fc.assert(
      fc.asyncProperty(
        orderText,
        fc.array(fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null))),
        async (orderBy, cursor) => {
          const query = { ...read({ orderBy }), cursor: cursor as ListQuery['cursor'] };
          await list(query).catch((error) => expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' }));
        },
      ),
      { numRuns: 200 },
    );
  });

  test('keeps its place when rows before the cursor come and go', async () => {
    const items = times.map((createTime, index) => ({
      name: `m${index}`,
      createTime,
      public: true,
      state: 'READY',
    }));
    await store(items as StoredModel[]);
    const query = read({ pageSize: '1', orderBy: 'createTime' });
    const first = await list(query);
    await sql`delete from things where name = 'm0'`.execute(database.db);
    const second = await list({ ...query, cursor: first.nextCursor });
    expect(second.items.map((item) => item.name)).toEqual(['m1']);
  });

  test('refuses to search by what is computed, naming it', async () => {
    await expect(list(read({ filter: 'deployedModelRefs:*' }))).rejects.toThrow(
      'deployedModelRefs is computed',
    );
    await expect(list(read({ orderBy: 'createdBy' }))).rejects.toThrow('orderBy: createdBy is computed');
  });

  test('never makes text of a caller part of the statement', async () => {
    await store([]);
    const filter = `displayName = "'; drop table things; --" OR defaultSamplingParams:"x'y"`;
    expect((await list(read({ filter }))).totalSize).toBe(0);
    await expect(list(read({ filter: 'displayName = "a\0b"' }))).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});
