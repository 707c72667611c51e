import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Gcm } from './gcm.ts';
import { agrees, loadGcm } from './load-gcm.ts';
import { openNativeGcm } from './native-gcm.ts';
import { nodeGcm } from './node-gcm.ts';

const inputOf = () => ({ key: randomBytes(32), nonce: randomBytes(12), associated: randomBytes(20) });

describe('AES-256-GCM in memory that is there already', () => {
  let native: Gcm | null;
  beforeAll(async () => {
    native = await openNativeGcm();
  });

  test('OpenSSL called directly gives what node:crypto gives, in parts of any size', (context) => {
    if (native === null) return context.skip('this Node does not show the functions of its OpenSSL');
    const parts = fc.array(fc.oneof(fc.uint8Array({ maxLength: 100 }), fc.constant(randomBytes(70_000))));
    fc.assert(
      fc.property(parts, (some) => {
        const size = some.reduce((total, part) => total + part.length, 0);
        const [input, one, other] = [inputOf(), Buffer.alloc(size), Buffer.alloc(size)];
        const tag = native!.seal(input, some, one);
        expect(tag.equals(nodeGcm.seal(input, some, other))).toBe(true);
        expect(one.equals(other)).toBe(true);
        expect(native!.open(input, one, tag) && nodeGcm.open(input, other, tag)).toBe(true);
        expect(one.equals(Buffer.concat(some)) && other.equals(one)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test.for(['native', 'node'])('notices whatever was changed: %s', (which, context) => {
    const gcm = which === 'node' ? nodeGcm : native;
    if (gcm === null) return context.skip('this Node does not show the functions of its OpenSSL');
    const [input, body, plain] = [inputOf(), Buffer.alloc(100), randomBytes(100)];
    const tag = gcm.seal(input, [plain], body);
    const flip = (bytes: Buffer) => Buffer.from(bytes.map((byte, index) => (index === 3 ? byte ^ 1 : byte)));
    expect(gcm.open(input, flip(body), tag)).toBe(false);
    expect(gcm.open(input, Buffer.from(body), flip(tag))).toBe(false);
    for (const field of ['key', 'nonce', 'associated'] as const) {
      const wrong = { ...input, [field]: flip(input[field]) };
      expect(gcm.open(wrong, Buffer.from(body), tag)).toBe(false);
    }
    expect(gcm.open(input, body, tag) && body.equals(plain)).toBe(true);
  });

  test('native code is given nothing that it would read beyond', (context) => {
    if (native === null) return context.skip('this Node does not show the functions of its OpenSSL');
    const [input, target] = [inputOf(), Buffer.alloc(10)];
    expect(() => native!.seal(input, [randomBytes(11)], target)).toThrow('10 bytes');
    expect(() => native!.seal({ ...input, key: randomBytes(16) }, [], target)).toThrow('32 bytes');
    expect(() => native!.open({ ...input, nonce: randomBytes(8) }, target, randomBytes(16))).toThrow('of 12');
    expect(native!.open(input, target, randomBytes(15))).toBe(false);
  });

  test('one that does something else is not chosen', async () => {
    const careless: Gcm = { ...nodeGcm, open: () => true };
    const broken: Gcm = { ...nodeGcm, seal: (_input, _parts, target) => target.subarray(0, 16) };
    expect([careless, broken, nodeGcm].map((gcm) => agrees(gcm, nodeGcm))).toEqual([false, false, true]);
    expect(agrees(await loadGcm(), nodeGcm)).toBe(true);
  });
});
