import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkRequired, decodeBody, decodeQuery, normalizeInput } from './decode.ts';
import { encodeMessage } from './encode.ts';
import {
  bool,
  duration,
  fixed,
  int32,
  int64,
  list,
  map,
  message,
  out,
  required,
  secret,
  text,
  timestamp,
  word,
} from './fields.ts';
import { formatOrderBy, readOrderBy } from './order-by.ts';
import { plain } from './problem.ts';
import { applyReadMask, readReadMask } from './read-mask.ts';
import { applyUpdates, findFixedChange, planUpdate } from './update-mask.ts';
import { compileChecker } from './validate.ts';

const typed = message('Thing', {
  name: out(text()),
  displayName: text(),
  baseModel: required(fixed(text())),
  count: int32(),
  size: int64(),
  state: out(word(['STATE_UNSPECIFIED', 'READY'])),
  createTime: out(timestamp()),
  public: bool(),
  tags: list(text()),
  labels: map(text()),
  policy: message('Policy', { window: duration(), limit: int32(), used: out(int32()) }),
  password: secret(text()),
});
const schema = plain(typed);
const checker = compileChecker(typed);
const decode = (body: unknown) => decodeBody(schema, checker, body);

describe('reading a body', () => {
  test('leaves out nulls and fields of the server, and takes 64-bit integers as numbers', () => {
    const body = {
      displayName: null,
      state: 'NONSENSE',
      size: 5,
      policy: { used: 9, limit: 1, window: null },
    };
    expect(decode(body)).toEqual({ size: '5', policy: { limit: 1 } });
    expect(normalizeInput(schema, { unknown: null })).toEqual({ unknown: null });
  });

  test('of any depth is refused, not a fault', () => {
    let deep: unknown = 1;
    for (let level = 0; level < 100_000; level++) deep = level % 2 === 0 ? [deep] : { a: deep };
    for (const field of ['tags', 'labels', 'policy', 'displayName', 'nope']) {
      expect(() => decode({ [field]: deep })).toThrow(field);
    }
  });

  test('names what is wrong', () => {
    expect(() => decode({ dispalyName: 'x' })).toThrow(
      "unknown field 'dispalyName'; did you mean 'displayName'?",
    );
    expect(() => decode({ policy: { limit: -1 } })).toThrow('policy.limit must be at least 0, not -1');
    expect(() => decode({ policy: { window: '10m' } })).toThrow(
      'policy.window must be seconds followed by s, such as 600s',
    );
    expect(() => decode({ size: 'x' })).toThrow('size must be a 64-bit integer');
    expect(() => decode([])).toThrow('the request body must be an object, not an array');
    expect(() => checkRequired(schema, { baseModel: '' })).toThrow("missing field 'baseModel'");
  });

  test('of a query converts types and takes both spellings', () => {
    const query = message('Query', {
      showDeleted: bool(),
      size: int32(),
      ranks: list(int32()),
      at: timestamp(),
    });
    const read = (raw: Record<string, string | string[]>) =>
      decodeQuery(plain(query), compileChecker(query), raw);
    expect(read({ show_deleted: 'true', size: '7', ranks: ['1', '2'] })).toEqual({
      showDeleted: true,
      size: 7,
      ranks: [1, 2],
    });
    expect(read({ ranks: '3', size: '' })).toEqual({ ranks: [3] });
    expect(() => read({ showDelete: 'true' })).toThrow(
      "unknown query parameter 'showDelete'; did you mean 'showDeleted'?",
    );
    expect(() => read({ size: 'x' })).toThrow('size must be an integer, not a string');
    expect(() => read({ size: ['1', '2'] })).toThrow('the query parameter size is there twice');
    expect(() => read({ at: '2026-02-31T00:00:00Z' })).toThrow('at must be a time such as');
  });
});

describe('writing a resource', () => {
  test('fills in zero values in order, and never shows secrets or unknown columns', () => {
    const encoded = encodeMessage(schema, { policy: { limit: 2 }, password: 'p', column: 1 });
    expect(JSON.stringify(encoded)).toBe(
      JSON.stringify({
        name: '',
        displayName: '',
        baseModel: '',
        count: 0,
        size: '0',
        state: 'STATE_UNSPECIFIED',
        createTime: null,
        public: false,
        tags: [],
        labels: {},
        policy: { window: null, limit: 2, used: 0 },
      }),
    );
  });

  test('and reading it back gives an equal resource', () => {
    const value = {
      displayName: 'x',
      baseModel: 'm',
      size: '12',
      tags: ['a'],
      labels: { k: 'v' },
      public: true,
    };
    const encoded = encodeMessage(schema, value);
    expect(encodeMessage(schema, decode(encoded))).toEqual(encoded);
  });
});

describe('an update', () => {
  const current = {
    displayName: 'old',
    baseModel: 'm',
    labels: { a: '1' },
    policy: { window: '60s', limit: 1 },
  };
  const update = (body: Record<string, unknown>, mask?: string) =>
    applyUpdates(current, planUpdate(schema, body, mask));

  test('without a mask sets what is sent, leaf by leaf, and clears nulls', () => {
    expect(update({ displayName: '' })).toEqual({ ...current, displayName: '' });
    expect(update({ policy: { limit: 5 } }).policy).toEqual({ window: '60s', limit: 5 });
    expect(update({ policy: { window: null } }).policy).toEqual({ limit: 1 });
    expect(update({ policy: null })).not.toHaveProperty('policy');
    expect(update({ labels: { b: '2' } }).labels).toEqual({ b: '2' });
    expect(update({ name: 'x', state: 'READY' })).toEqual(current);
  });

  test('with a mask sets exactly its fields', () => {
    expect(update({ displayName: 'new', public: true }, 'display_name')).toEqual({
      ...current,
      displayName: 'new',
    });
    expect(update({}, 'displayName,policy.limit')).toEqual({
      baseModel: 'm',
      labels: current.labels,
      policy: { window: '60s' },
    });
    expect(update({ labels: { b: '2' } }, 'labels.b').labels).toEqual({ a: '1', b: '2' });
    expect(update({ displayName: 'n', baseModel: 'm' }, '*')).toEqual({ displayName: 'n', baseModel: 'm' });
    expect(() => update({}, 'nope')).toThrow("updateMask: there is no field 'nope'");
    expect(() => update({}, 'state')).toThrow('updateMask: state is set by the server');
  });

  test('of a fixed field is found unless nothing changes', () => {
    const find = (body: Record<string, unknown>) =>
      findFixedChange(schema, current, planUpdate(schema, body));
    expect(find({ baseModel: 'm' })).toBeNull();
    expect(find({ baseModel: 'other' })?.field.path).toEqual(['baseModel']);
  });

  test('never reaches the prototype of objects', () => {
    const hostile = JSON.parse('{"labels":{"__proto__":"x","constructor":"y"}}');
    applyUpdates(current, planUpdate(schema, hostile));
    applyUpdates(current, planUpdate(schema, hostile, 'labels.__proto__,labels.constructor'));
    expect(Object.prototype).not.toHaveProperty('x');
    expect({}.constructor).toBe(Object);
  });

  test('leaves the resource given alone, and doing it twice changes nothing more', () => {
    const body = fc.record(
      {
        displayName: fc.option(fc.string()),
        count: fc.option(fc.nat()),
        policy: fc.option(fc.record({ limit: fc.option(fc.nat()) }, { requiredKeys: [] })),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(body, (patch) => {
        const before = structuredClone(current);
        const updates = planUpdate(schema, patch);
        const once = applyUpdates(current, updates);
        expect(applyUpdates(once, updates)).toEqual(once);
        expect(current).toEqual(before);
      }),
    );
  });
});

describe('orders and read masks', () => {
  test('read fields in both spellings', () => {
    const keys = readOrderBy('display_name, createTime desc, policy.limit asc', schema);
    expect(formatOrderBy(keys)).toBe('displayName,createTime desc,policy.limit');
    expect(readOrderBy(' ', schema)).toEqual([]);
  });

  test.each([
    ['nope', "orderBy: there is no field 'nope'"],
    ['tags', 'orderBy: tags is a list, which has no order'],
    ['name, name desc', "orderBy names 'name' twice"],
    ['name down', 'orderBy must be fields such as'],
    ['password', "orderBy: there is no field 'password'"],
    ['name,,', 'orderBy must be fields such as'],
  ])('orderBy %s is refused', (value, expected) => {
    expect(() => readOrderBy(value, schema)).toThrow(expected);
  });

  test('a read mask keeps its fields in the order of the resource', () => {
    const resource = {
      name: 'n',
      displayName: 'd',
      policy: { window: '1s', limit: 2 },
      labels: { a: '1', b: '2' },
    };
    const show = (mask: string) => applyReadMask(resource, readReadMask(mask, schema));
    expect(show('policy.limit, name')).toEqual({ name: 'n', policy: { limit: 2 } });
    expect(show('labels.a')).toEqual({ labels: { a: '1' } });
    expect(show('policy,policy.limit')).toEqual({ policy: { window: '1s', limit: 2 } });
    expect(show('')).toBe(resource);
    expect(show('name,*')).toBe(resource);
    expect(() => show('nope')).toThrow("readMask: there is no field 'nope'");
  });
});
