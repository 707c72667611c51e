import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bool, int32, int64, message, text, timestamp } from './fields.ts';
import { listItems } from './list-items.ts';
import { nextPageToken, readListQuery } from './list-query.ts';
import { plain } from './problem.ts';

const schema = plain(
  message('Thing', { name: text(), rank: int32(), big: int64(), public: bool(), createTime: timestamp() }),
);

const thing = fc.record(
  {
    name: fc.stringMatching(/^[a-z]{1,6}$/),
    rank: fc.integer({ min: 0, max: 3 }),
    big: fc.bigInt({ min: -5n, max: 5n }).map(String),
    public: fc.boolean(),
    createTime: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z', '2026-01-01T01:00:00+01:00'),
  },
  { requiredKeys: ['name'] },
);
const things = fc.uniqueArray(thing, { selector: (item) => item.name, maxLength: 20 });
const orders = fc.constantFrom('', 'rank', 'rank desc, big', 'big desc', 'public, createTime', 'name desc');
const filters = fc.constantFrom('', 'rank > 0', 'public = true OR big < 0');

test('walking the pages of any list shows each match once, in the order of the whole', () => {
  fc.assert(
    fc.property(
      things,
      orders,
      filters,
      fc.integer({ min: 1, max: 7 }),
      (items, orderBy, filter, pageSize) => {
        const read = (size: number, pageToken = '') =>
          readListQuery(schema, { pageSize: String(size), pageToken, orderBy, filter }, 'things');
        const whole = listItems(items, read(200), (item) => item.name);
        const walked: unknown[] = [];
        let token = '';
        do {
          const query = read(pageSize, token);
          const page = listItems(items, query, (item) => item.name);
          expect(page.totalSize).toBe(whole.totalSize);
          walked.push(...page.items);
          token = nextPageToken(query, page.nextCursor);
        } while (token !== '');
        expect(walked).toEqual(whole.items);
      },
    ),
  );
});

test('without an order the newest come first, and those without a time before them', () => {
  const items = [
    { name: 'old', createTime: '2026-01-01T00:00:00Z' },
    { name: 'new', createTime: '2026-01-02T00:00:00Z' },
    { name: 'none' },
  ];
  const page = listItems(items, readListQuery(schema, {}, ''), (item) => item.name);
  expect(page.items.map((item) => item.name)).toEqual(['none', 'new', 'old']);
});
