import { listItems, type Method, type PlainSchema, plain, type Resource, readListQuery } from '@sparkler/api';
import { resources } from '@sparkler/api/resources';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { populate } from './populate.ts';
import { type Item, type Query, queriesOver } from './random-queries.ts';
import { type ControlPlane, startControlPlane } from './start-control-plane.ts';

/** What holds for every resource, tried on every resource that this server offers. */

interface Listed {
  readonly resource: Resource;
  readonly collection: string;
  readonly path: string;
  readonly schema: PlainSchema;
}

interface Subject extends Listed {
  readonly name: string;
  readonly methods: readonly Method[];
  readonly kinds: ReadonlySet<Method['kind']>;
  readonly items: readonly Item[];
}

const listed: [string, Listed][] = Object.entries<Resource>(resources).flatMap(([name, resource]) => {
  const list = Object.values(resource.methods).find((method) => method.kind === 'list');
  if (list?.kind !== 'list') return [];
  const path = list.path.replaceAll('{account}', 'acme').replaceAll('{user}', 'root');
  return [[name, { resource, collection: list.collection, path, schema: plain(resource.schema) }]];
});

/** What populate() makes some of; of others there may be none. */
const populated = new Set(
  'users apiKeys userApiKeys secrets datasets models deployments deployedModels peftMergeJobs supervisedFineTuningJobs'.split(
    ' ',
  ),
);

// Before the tests are made, so that there are tests for what the server offers only.
const plane = await startControlPlane();
afterAll(() => plane.close());
const call: ControlPlane['call'] = (...parameters) => plane.call(...parameters);
await populate(plane);
const offered: [string, Listed, readonly Item[]][] = [];
for (const [name, found] of listed) {
  const { status, body } = await call('GET', `${found.path}?pageSize=200`);
  // Resources without handlers are not offered.
  if (status === 200) offered.push([name, found, body[found.collection]]);
}

const keyOf = (item: Item) => String(item.name ?? item.keyId);
const search = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();

function fieldOf(body: { details: { fieldViolations: { field: string }[] }[] }): string | undefined {
  return body.details[0]?.fieldViolations[0]?.field;
}

const subjects = offered.map(([name, found, items]): [string, Subject] => {
  const methods = Object.values(found.resource.methods);
  const kinds = new Set(methods.map((method) => method.kind));
  return [name, { ...found, name, methods, kinds, items }];
});

// Reading comes first: what is changed and removed later is in these lists.
describe.each(subjects)('%s, read', (name, subject) => {
  test('has every field of the contract, unset ones as zero values, 64-bit integers as text', () => {
    if (populated.has(name)) expect(subject.items.length).toBeGreaterThan(1);
    for (const item of subject.items) checkShape(subject.schema, item, name);
  });
  testLists(subject);
  if (subject.kinds.has('get')) testReading(subject);
});

const written = subjects.filter(([, { kinds }]) => kinds.has('create') || kinds.has('update'));
describe.each(written)('%s, written', (_, subject) => {
  const { kinds, items } = subject;
  if (kinds.has('create')) testMaking(subject);
  // The newest, since the oldest user is the one who asks.
  const [item] = items;
  if (item && kinds.has('update')) testChanges(subject, item);
});

// What uses others first.
const usersFirst = 'deployedModels deployments peftMergeJobs others models'.split(' ');
const rankOf = (name: string) => usersFirst.indexOf(usersFirst.includes(name) ? name : 'others');
const removed = subjects.filter(([, { kinds, items }]) => kinds.has('delete') && items.length > 0);
describe.each(removed.toSorted(([a], [b]) => rankOf(a) - rankOf(b)))('%s, removed', (_, subject) => {
  testDeletion(subject, subject.items[0]!);
});

function testLists({ path, collection, schema, items, methods }: Subject): void {
  const reason = items.length > 0 ? '' : ' (skipped: an account makes none of them itself)';
  test.runIf(items.length > 0)(
    `is filtered, ordered and paged as the contract says${reason}`,
    async () => {
      const closed = await findClosedFields(path, schema);
      const isOpen = (field: string) => !closed.has(field) && !closed.has(field.split('.')[0]!);
      const readPage = async (query: Query, pageSize: number, pageToken: string) => {
        const parameters = search({ ...query, pageSize: String(pageSize), pageToken });
        const { status, body } = await call('GET', `${path}?${parameters}`);
        expect(status, `${JSON.stringify(query)}: ${JSON.stringify(body)}`).toBe(200);
        return body;
      };
      await fc.assert(
        fc.asyncProperty(
          queriesOver(schema, items, isOpen, orderFieldsOf(methods)),
          fc.integer({ min: 1, max: 5 }),
          async (query, size) => {
            const wanted = listItems(items, readListQuery(schema, { ...query, pageSize: '200' }, ''), keyOf);
            const shown: string[] = [];
            let token = '';
            do {
              const body = await readPage(query, size, token);
              expect(body.totalSize).toBe(wanted.totalSize);
              expect(body[collection].length).toBeLessThanOrEqual(size);
              shown.push(...body[collection].map(keyOf));
              token = body.nextPageToken;
            } while (token !== '');
            expect(shown).toEqual(wanted.items.map(keyOf));
          },
        ),
        { numRuns: 25, seed: 6 },
      );
    },
    60_000,
  );

  test('binds page tokens to their query, and refuses wrong parameters by name', async () => {
    const first = await call('GET', `${path}?pageSize=1`);
    expect(first.body[collection].length).toBe(Math.min(1, items.length));
    const [field = ''] = Object.keys(schema.properties ?? {});
    const moved = search({ pageToken: first.body.nextPageToken, filter: `${field} = "x"` });
    if (items.length > 1) expect(fieldOf((await call('GET', `${path}?${moved}`)).body)).toBe('pageToken');
    expect((await call('GET', `${path}?pageSize=100000`)).status).toBe(200);
    for (const query of [
      'filter=nope=1',
      'orderBy=nope',
      'readMask=nope',
      'pageSize=-1',
      'pageToken=x',
      'nope=1',
    ]) {
      const refused = await call('GET', `${path}?${query}`);
      expect(refused.status).toBe(400);
      expect(fieldOf(refused.body)).toBe(query.split('=')[0]);
    }
    const called = await call('GET', `${path}?${search({ filter: `lower(${field}) = "x"` })}`);
    expect(called).toMatchObject({ status: 400, body: { message: expect.stringContaining('lower') } });
  });

  test('gives the fields of a read mask and no others', async () => {
    const mask = everyThird(schema);
    const { body } = await call('GET', `${path}?${search({ readMask: mask.join(','), pageSize: '200' })}`);
    expect(body[collection]).toHaveLength(items.length);
    for (const item of body[collection]) expect(Object.keys(item)).toEqual(mask);
  });
}

function testReading({ name, path, schema, items }: Subject): void {
  test('is found under its name, and under no other', async () => {
    for (const item of items.slice(0, 3)) {
      const mask = everyThird(schema);
      const masked = await call('GET', `/v1/${item.name}?${search({ readMask: mask.join(',') })}`);
      expect(Object.keys(masked.body)).toEqual(mask);
      expect((await call('GET', `/v1/${item.name}`)).body).toMatchObject({ name: item.name });
    }
    for (const id of ['no-such-one', 'No.Such']) {
      const missing = await call('GET', `${path}/${id}`);
      // An account that is not the caller's is not said to be missing.
      if (name === 'accounts') expect([403, 404]).toContain(missing.status);
      else expect(missing).toMatchObject({ status: 404, body: { code: 5, details: [] } });
    }
  });

  test('is hidden from other accounts unless it is public', async () => {
    const key = await plane.makeUser(`stranger-${name.toLowerCase()}`, 'sam', 'admin');
    for (const item of items.filter(({ public: isPublic }) => isPublic !== true)) {
      expect([403, 404]).toContain((await call('GET', `/v1/${item.name}`, undefined, { key })).status);
    }
  });
}

function testMaking({ methods }: Subject): void {
  test('is made of what the contract knows only', async () => {
    const create = methods.find((method) => method.kind === 'create')!;
    const url = create.path.replaceAll('{account}', 'acme').replaceAll('{user}', 'root');
    const isWrapped = create.form === 'wrapped';
    const wrong = { noSuchField: 1 };
    const options =
      create.access === 'operator' ? { key: await plane.makeUser('local', 'root', 'admin') } : {};
    const unknown = await call('POST', url, isWrapped ? { [create.resourceKey]: wrong } : wrong, options);
    expect(unknown.status).toBe(400);
    expect(fieldOf(unknown.body)).toBe(isWrapped ? `${create.resourceKey}.noSuchField` : 'noSuchField');
    const fields = Object.entries(plain(create.body).properties ?? {});
    const [required] = fields.filter(([, field]) => field['x-required']).map(([key]) => key);
    if (required) expect(fieldOf((await call('POST', url, {}, options)).body)).toBe(required);
    if (create.idKey === null) return;
    for (const id of ['Upper', '-x', 'x-', '1x', 'x'.repeat(64), 'a/b']) {
      const body = isWrapped ? { [create.resourceKey]: {}, [create.idKey]: id } : {};
      const target = isWrapped ? url : `${url}?${search({ [create.idKey]: id })}`;
      expect((await call('POST', target, body, options)).status, id).toBe(400);
    }
  });
}

const stale = { headers: { 'if-match': '"stale"' } };
const conflict = { status: 409, body: { code: 10 } };

function testChanges({ schema }: Subject, item: Item): void {
  const url = `/v1/${item.name}`;

  test('is changed by field, and never where the server decides', async () => {
    const unknown = await call('PATCH', url, { noSuchField: 1 });
    expect(unknown.status).toBe(400);
    expect(fieldOf(unknown.body)).toBe('noSuchField');
    const masked = await call('PATCH', `${url}?updateMask=name`, { name: 'x' });
    // A name that callers choose is told from one that is never theirs.
    expect(fieldOf(masked.body)).toBe(
      schema.properties?.name?.['x-access'] === 'output' ? 'updateMask' : 'name',
    );
    const field = ['displayName', 'description'].find((key) => schema.properties?.[key]);
    if (field === undefined) return;
    // What the server sets is ignored when it is sent back: read, change one field, write.
    const before = await call('GET', url);
    const headers = { 'if-match': before.headers.get('etag')! };
    const changed = await call('PATCH', url, { ...before.body, [field]: 'changed' }, { headers });
    expect(changed).toMatchObject({ status: 200, body: { name: item.name, [field]: 'changed' } });
    expect(changed.headers.get('etag')).not.toBe(headers['if-match']);
    expect((await call('PATCH', url, { [field]: 'late' }, { headers })).status).toBe(409);
    const cleared = await call('PATCH', `${url}?updateMask=${field}`, {});
    const { updateTime: _time, status: _status, state: _state, ...rest } = before.body;
    expect(cleared.body).toMatchObject({ ...rest, [field]: '' });
  });

  test('is not changed over what others changed, also by those who come at once', async () => {
    const etag = (await call('GET', url)).headers.get('etag')!;
    expect(etag).toMatch(/^".+"$/);
    expect(await call('PATCH', url, {}, stale)).toMatchObject(conflict);
    const field = ['displayName', 'description'].find((key) => schema.properties?.[key]);
    if (field === undefined) return;
    const change = (text: string) => call('PATCH', url, { [field]: text }, { headers: { 'if-match': etag } });
    const texts = ['first', 'second', 'third'];
    const statuses = (await Promise.all(texts.map(change))).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 409, 409]);
    expect((await call('GET', url)).body[field]).toBe(texts[statuses.indexOf(200)]);
  });
}

function testDeletion({ schema, kinds }: Subject, item: Item): void {
  test('is deleted once, and not over what others changed', async () => {
    const url = `/v1/${item.name}`;
    // Every resource that tells when it was changed has an etag.
    const hasEtag = kinds.has('get') && schema.properties?.updateTime !== undefined;
    if (hasEtag) {
      expect((await call('GET', url)).headers.get('etag')).toMatch(/^".+"$/);
      expect(await call('DELETE', url, undefined, stale)).toMatchObject(conflict);
    }
    const deleted = await call('DELETE', url);
    expect(deleted, JSON.stringify(deleted.body)).toMatchObject({ status: 200, body: {} });
    const again = await call('DELETE', url);
    const read = await call('GET', url);
    // Gone, or kept in a documented state in which deleting again changes nothing.
    expect([read.status, again.status]).toEqual(read.status === 404 ? [404, 404] : [200, 200]);
    if (read.status === 200) expect(read.body.state).toMatch(/^(?:DELET|UNDEPLOY|JOB_STATE_DELETING)/);
  });
}

/** Some fields that can be read. */
function everyThird(schema: PlainSchema): string[] {
  const readable = Object.entries(schema.properties ?? {}).filter(
    ([, field]) => field['x-access'] !== 'secret',
  );
  return readable.map(([key]) => key).filter((_, index) => index % 3 === 0);
}

function checkShape(schema: PlainSchema, value: unknown, where: string): void {
  for (const [key, field] of Object.entries(schema.properties ?? {})) {
    const path = `${where}.${key}`;
    if (field['x-access'] === 'secret') {
      expect(value, path).not.toHaveProperty(key);
      continue;
    }
    expect(value, path).toHaveProperty(key);
    const found = (value as Item)[key];
    if (field.format === 'int64') expect(found, path).toMatch(/^-?\d+$/);
    if (field.format === 'date-time' && found !== null) expect(found, path).toMatch(/^\d{4}-.*Z$/);
    if (field.properties && found !== null) checkShape(field, found, path);
  }
}

/** Fields that a list says it can't be searched by. */
function orderFieldsOf(methods: readonly Method[]): readonly string[] | null {
  return methods.find((method) => method.kind === 'list')?.orderFields ?? null;
}

async function findClosedFields(path: string, schema: PlainSchema): Promise<Set<string>> {
  const closed = new Set<string>();
  for (const field of Object.keys(schema.properties ?? {})) {
    const { status, body } = await call('GET', `${path}?${search({ filter: `${field}:*` })}`);
    if (status === 400 && /can not be searched by/.test(body.message)) closed.add(field);
  }
  return closed;
}
