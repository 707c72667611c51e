import { expect, test } from 'vitest';
import { giveBack, takeBuffer } from './recycled-buffers.ts';

test('memory that was given back is used again, once', () => {
  const [one, other] = [takeBuffer(1001), takeBuffer(1001)];
  expect(one.buffer).not.toBe(other.buffer);
  giveBack(one);
  giveBack(one);
  expect(takeBuffer(1001).buffer).toBe(one.buffer);
  expect(takeBuffer(1001).buffer).not.toBe(one.buffer);
});

test('parts of a buffer, and memory of others, are left alone', () => {
  const lent = takeBuffer(1002);
  giveBack(lent.subarray(1));
  const foreign = Buffer.allocUnsafeSlow(1002);
  giveBack(foreign);
  expect([lent.buffer, foreign.buffer]).not.toContain(takeBuffer(1002).buffer);
});

test('what is kept is bounded', () => {
  const buffers = Array.from({ length: 100 }, () => takeBuffer(1003));
  for (const buffer of buffers) giveBack(buffer);
  const known = new Set(buffers.map((buffer) => buffer.buffer));
  const again = Array.from({ length: 100 }, () => takeBuffer(1003));
  expect(again.filter((buffer) => known.has(buffer.buffer)).length).toBeLessThan(20);
});
