import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodePageToken, encodePageToken, readPageSize } from './pages.ts';

const scalar = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.boolean(),
  fc.constant(null),
);
const cursor = fc.array(scalar, { minLength: 1, maxLength: 4 });

describe('page tokens', () => {
  test('carry the cursor for the same query', () => {
    fc.assert(
      fc.property(fc.string(), cursor, (query, values) => {
        const token = encodePageToken(query, values);
        expect(token).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(JSON.stringify(decodePageToken(query, token))).toBe(JSON.stringify(values));
      }),
    );
  });

  test('are refused for another query', () => {
    const token = encodePageToken('state = READY', ['a']);
    expect(() => decodePageToken('state = FAILED', token)).toThrow('pageToken belongs to another query');
  });

  test('that are damaged are a 400, whatever they hold', () => {
    const damaged = fc.oneof(fc.string(), fc.base64String(), fc.stringMatching(/^[\w-]{1,40}$/));
    fc.assert(
      fc.property(
        damaged.filter((token) => token !== ''),
        (token) => {
          expect(() => decodePageToken('q', token)).toThrow(/^pageToken/);
        },
      ),
    );
  });

  test('are not needed for the first page', () => {
    expect(decodePageToken('q', undefined)).toBeNull();
    expect(decodePageToken('q', '')).toBeNull();
  });
});

describe('page size', () => {
  test('has a default, and is lowered to the limit', () => {
    expect(readPageSize(undefined)).toBe(50);
    expect(readPageSize('0')).toBe(50);
    expect(readPageSize('7')).toBe(7);
    expect(readPageSize('100000')).toBe(200);
    expect(readPageSize('100000', { sizeDefault: 100, sizeMax: 10_000 })).toBe(10_000);
  });
  test.each(['-1', '1.5', 'x', '9'.repeat(400)])('%s is refused', (value) => {
    expect(() => readPageSize(value)).toThrow('pageSize must be an integer');
  });
});
