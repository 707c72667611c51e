import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  accountOf,
  checkResourceId,
  deriveId,
  formatName,
  idOf,
  isResourceId,
  parseName,
  resolveReference,
  shortName,
} from './names.ts';

const pattern = 'accounts/{account}/models/{model}';
const resourceId = fc.stringMatching(/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/);

describe('resource ids', () => {
  test.each(['a', 'llama-v3p1-8b', 'a'.repeat(63)])('%s is one', (id) => {
    expect(isResourceId(id)).toBe(true);
  });
  test.each(['', '1a', '-a', 'a-', 'A', 'a_b', 'a.b', 'ä', 'a'.repeat(64), 'a/b', 'a b'])(
    '%j is none',
    (id) => {
      expect(isResourceId(id)).toBe(false);
      expect(() => checkResourceId(id, 'modelId')).toThrow(/^modelId must be 1 to 63/);
    },
  );
});

describe('names', () => {
  test('parse into ids and format back', () => {
    expect(parseName(pattern, 'accounts/fireworks/models/m1')).toEqual({ account: 'fireworks', model: 'm1' });
    fc.assert(
      fc.property(resourceId, resourceId, (account, model) => {
        const name = formatName(pattern, { account, model });
        expect(parseName(pattern, name)).toEqual({ account, model });
        expect(shortName(name)).toBe(`${account}/${model}`);
        expect(idOf(name)).toBe(model);
        expect(accountOf(name)).toBe(account);
      }),
    );
  });

  test('that begin with a digit can be read though not chosen', () => {
    expect(
      parseName('accounts/{account}/deployments/{deployment}', 'accounts/alice/deployments/12345678'),
    ).toEqual({
      account: 'alice',
      deployment: '12345678',
    });
  });

  test.each([
    'accounts/a/models',
    'accounts/a/datasets/m',
    'accounts/a/models/m/x',
    'accounts//models/m',
    'm',
    '',
  ])('%j does not fit', (name) => {
    expect(parseName(pattern, name)).toBeNull();
  });

  test('can not be formatted with an id that would break the path', () => {
    expect(() => formatName(pattern, { account: 'a', model: '../x' })).toThrow("model '../x'");
  });

  test('are found behind each form of a reference', () => {
    const full = 'accounts/a/models/m';
    expect(resolveReference(pattern, 'm', 'a')).toBe(full);
    expect(resolveReference(pattern, 'a/m', 'b')).toBe(full);
    expect(resolveReference(pattern, full, 'b')).toBe(full);
    expect(resolveReference(pattern, 'accounts/a/datasets/m', 'a')).toBeNull();
    expect(resolveReference(pattern, 'Not An Id', 'a')).toBeNull();
  });

  test('derived from an address are ids or empty', () => {
    expect(deriveId('Ann.Lee@example.com')).toBe('ann-lee');
    expect(deriveId('42@example.com')).toBe('');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 100 }), (text) => {
        const id = deriveId(text);
        expect(id === '' || isResourceId(id)).toBe(true);
      }),
    );
  });
});
