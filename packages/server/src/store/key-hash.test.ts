import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { hashKey, makeKey } from './key-hash.ts';

test('keys are hashed with HMAC-SHA-256 under the salt, each salt its own, however often', () => {
  const salts = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 1)];
  for (const salt of [...salts, ...salts]) {
    const { key } = makeKey();
    expect(hashKey(salt, key)).toEqual(createHmac('sha256', salt).update(key).digest());
  }
});
