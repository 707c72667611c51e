import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bool,
  duration,
  float,
  int32,
  int64,
  list,
  map,
  message,
  secret,
  text,
  timestamp,
  word,
} from '../fields.ts';
import { plain } from '../problem.ts';
import { readFilter } from './bind-filter.ts';
import { compareValues, matchesFilter } from './matches-filter.ts';
import { type FilterSyntax, parseFilter } from './parse-filter.ts';

const schema = plain(
  message('Thing', {
    name: text(),
    displayName: text(),
    state: word(['STATE_UNSPECIFIED', 'READY', 'FAILED']),
    count: int32(),
    ratio: float(),
    big: int64(),
    createTime: timestamp(),
    window: duration(),
    public: bool(),
    tags: list(text()),
    labels: map(text()),
    status: message('Status', { code: text(), message: text() }),
    apiKey: secret(text()),
  }),
);

const thing = {
  name: 'accounts/a/things/t1',
  displayName: 'My Thing',
  state: 'READY',
  count: 3,
  ratio: 0.5,
  big: '9007199254740993',
  createTime: '2026-01-02T03:04:05.5Z',
  window: '600s',
  public: true,
  tags: ['red', 'blue'],
  labels: { team: 'core' },
  status: { code: 'OK', message: '' },
};

const matches = (filter: string, resource: object = thing) => {
  const bound = readFilter(filter, schema);
  return bound === null || matchesFilter(bound, resource);
};

describe('a filter selects', () => {
  test.each([
    ['', true],
    ['state = READY', true],
    ['state=READY', true],
    ['state != "READY"', false],
    ['display_name = "My Thing"', true],
    ["displayName = 'My Thing'", true],
    ['displayName = "my thing"', false],
    ['displayName = "My*"', true],
    ['displayName = "*Th*g"', true],
    ['displayName = "M*M*"', false],
    ['displayName = My*', true],
    ['displayName != "*x*"', true],
    ['displayName : "thing"', true],
    ['name = accounts/a/things/t1', true],
    ['count > 2 AND count < 4', true],
    ['count >= -1', true],
    ['ratio = 5e-1', true],
    ['big = 9007199254740993', true],
    ['big = 9007199254740992', false],
    ['createTime > "2026-01-02T03:04:05Z"', true],
    ['createTime < 2026-01-02T03:04:05Z', false],
    ['create_time >= 2026-01-01', true],
    ['window >= 600s', true],
    ['public = true', true],
    ['NOT public = true', false],
    ['-public = true', false],
    ['tags:red', true],
    ['tags:"green"', false],
    ['tags:*', true],
    ['labels:team', true],
    ['labels.team = core', true],
    ['labels.other = core', false],
    ['labels.other = ""', true],
    ['status.code = OK', true],
    ['status:code', true],
    ['status:message', false],
    ['status:*', true],
    ['state = FAILED OR state = READY AND count = 3', true],
    ['state = FAILED AND count = 3 OR state = READY', false],
    ['(state = FAILED AND count = 3) OR state = READY', true],
    ['state = READY count = 3', true],
    ['state = READY count = 4', false],
  ])('%s -> %s', (filter, expected) => {
    expect(matches(filter)).toBe(expected);
  });

  test('unset fields as their zero value, and times, durations and messages as null', () => {
    expect(matches('displayName = "" AND count = 0 AND public = false AND big = 0', {})).toBe(true);
    expect(matches('createTime = null AND status = null AND window = null', {})).toBe(true);
    expect(matches('createTime < 2030-01-01', {})).toBe(false);
    expect(matches('createTime != 2030-01-01T00:00:00Z', {})).toBe(true);
    expect(matches('state:* OR tags:* OR labels:* OR status:*', {})).toBe(false);
    expect(matches('status:*', { status: {} })).toBe(true);
  });
});

describe('a filter is refused', () => {
  test.each([
    ['stat = READY', "filter, column 1: there is no field 'stat'; did you mean 'state'?"],
    ['status.cod = OK', "filter, column 1: there is no field 'status.cod'; did you mean 'code'?"],
    ['apiKey = x', "filter, column 1: there is no field 'apiKey'"],
    ['state = GONE', 'filter, column 1: state is one of STATE_UNSPECIFIED, READY, FAILED'],
    ['state > READY', 'filter, column 1: state has no order; use = or !='],
    ['count = many', 'filter, column 1: count needs a number'],
    ['public = yes', 'filter, column 1: public needs true or false'],
    ['createTime > yesterday', 'filter, column 1: createTime needs a time such as "2026-01-31T12:00:00Z"'],
    ['tags = red', "filter, column 1: tags is a list: use 'tags:value'"],
    ['count = "1*"', 'filter, column 1: wildcards work with = on text only'],
    ['thing', 'filter, column 1: \'thing\' stands alone; write a comparison such as displayName = "*word*"'],
    ['count = 3 AND', 'filter: ends where a field is expected'],
    ['state =', 'filter: ends where a value is expected'],
    ['(state = READY', "filter: ends where ')' is expected"],
    ['state = READY)', "filter, column 14: ')' is not expected"],
    ['displayName = "x', 'filter, column 15: the quote is not closed'],
    [
      'startsWith(name, "x")',
      "filter, column 1: the function 'startsWith' is not supported; compare fields instead",
    ],
    ['count > max(1, 2)', "filter, column 9: the function 'max' is not supported; write the value itself"],
    ['= 3', "filter, column 1: expected a field, found '='"],
  ])('%s', (filter, expected) => {
    expect(() => readFilter(filter, schema)).toThrow(expected);
  });

  test('when it is longer or deeper than anyone needs', () => {
    expect(() => readFilter('('.repeat(5000), schema)).toThrow('filter: is longer than 4096 characters');
    const deep = `${'('.repeat(50)}count=1${')'.repeat(50)}`;
    expect(() => readFilter(deep, schema)).toThrow('filter, column 33: is nested more than 32 levels deep');
    const wide = Array(101).fill('count=1').join(' ');
    expect(() => readFilter(wide, schema)).toThrow('filter: has more than 100 comparisons');
  });
});

/** A syntax tree as text, every part in parentheses, values in quotes. */
function print(syntax: FilterSyntax): string {
  if (syntax.kind === 'not') return `NOT (${print(syntax.of)})`;
  if (syntax.kind !== 'restriction') {
    return syntax.of.map((part) => `(${print(part)})`).join(syntax.kind === 'and' ? ' AND ' : ' OR ');
  }
  const pieces = syntax.value.pieces.map((piece) => piece.replaceAll(/["\\*]/g, '\\$&'));
  return `${syntax.path.join('.')} ${syntax.operator} "${pieces.join('*')}"`;
}

const strip = (syntax: FilterSyntax): unknown =>
  JSON.parse(JSON.stringify(syntax, (key, value) => (key === 'at' ? 0 : value)));

const tree = fc.letrec<{ syntax: FilterSyntax }>((tie) => ({
  syntax: fc.oneof(
    { maxDepth: 4 },
    fc.record({
      kind: fc.constant('restriction' as const),
      path: fc.constantFrom(
        ['name'],
        ['displayName'],
        ['count'],
        ['state'],
        ['tags'],
        ['labels', 'team'],
        ['createTime'],
      ),
      operator: fc.constantFrom('=' as const, '!=' as const, '<' as const, '>=' as const, ':' as const),
      value: fc.record({
        pieces: fc.oneof(
          fc.array(fc.string({ unit: 'grapheme', maxLength: 6 }), { minLength: 1, maxLength: 3 }),
          fc.constantFrom(['3'], ['READY'], ['core'], ['2026-01-02T03:04:05Z'], ['red']),
        ),
        quoted: fc.constant(true),
      }),
      at: fc.constant(0),
    }),
    fc.record({ kind: fc.constant('not' as const), of: tie('syntax') }),
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      of: fc.array(tie('syntax'), { minLength: 2, maxLength: 3 }),
    }),
  ),
})).syntax;

describe('for any filter', () => {
  test('printing and parsing gives the same tree', () => {
    fc.assert(
      fc.property(tree, (syntax) => {
        expect(strip(parseFilter(print(syntax))!)).toEqual(strip(syntax));
      }),
    );
  });

  test('evaluation obeys negation and De Morgan, and refusals are all 400s about the filter', () => {
    fc.assert(
      fc.property(tree, tree, (a, b) => {
        const [left, right] = [print(a), print(b)];
        let both: boolean;
        try {
          both = [matches(left), matches(right)].every(Boolean);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_ARGUMENT', violations: [{ field: 'filter' }] });
          return;
        }
        expect(matches(`(${left}) AND (${right})`)).toBe(both);
        expect(matches(`NOT ((${left}) AND (${right}))`)).toBe(!both);
        expect(matches(`(NOT (${left})) OR (NOT (${right}))`)).toBe(!both);
      }),
    );
  });

  test('any text is parsed or refused, never more', () => {
    const odd = fc.array(
      fc.constantFrom(
        'a',
        '.',
        '=',
        ':',
        '(',
        ')',
        ' ',
        '"',
        "'",
        'AND',
        'OR',
        'NOT',
        '-',
        '*',
        '\\',
        ',',
        '<',
        '!',
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          odd.map((parts) => parts.join('')),
        ),
        (filter) => {
          try {
            parseFilter(filter);
          } catch (error) {
            expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
          }
        },
      ),
    );
  });

  test('wildcards agree with a regular expression', () => {
    const piece = fc.stringMatching(/^[ab]{0,3}$/);
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 2, maxLength: 4 }),
        fc.stringMatching(/^[ab]{0,8}$/),
        (pieces, name) => {
          const expected = new RegExp(`^${pieces.join('.*')}$`, 's').test(name);
          expect(matches(`name = "${pieces.join('*')}"`, { name })).toBe(expected);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('text is ordered by code point', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        const expected = Buffer.compare(Buffer.from(left), Buffer.from(right));
        expect(Math.sign(compareValues(left, right))).toBe(Math.sign(expected));
      }),
    );
  });
});
