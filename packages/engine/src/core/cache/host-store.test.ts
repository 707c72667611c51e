import { expect, test } from 'vitest';
import { type HostEntry, HostStore } from './host-store.ts';

test('the longest unused entries go when the budget is short, and the owner hears of each', () => {
  const dropped: HostEntry[] = [];
  const store = new HostStore(100, (entry) => dropped.push(entry));
  const first = store.add(new Uint8Array(40), 1)!;
  const second = store.add(new Uint8Array(40), 2)!;
  store.touch(first);
  const third = store.add(new Uint8Array(50), 3)!;
  expect(dropped).toEqual([second]);
  expect([first, second, third].map((entry) => store.has(entry))).toEqual([true, false, true]);
  expect(store.bytes).toBe(90);
  store.remove(third);
  store.remove(third);
  expect(store.bytes).toBe(40);
  expect(dropped).toEqual([second, third]);
});

test('an entry larger than the whole budget is refused and drops nobody', () => {
  const store = new HostStore(100, () => {
    throw new Error('nothing should be dropped');
  });
  store.add(new Uint8Array(100), 1);
  expect(store.add(new Uint8Array(101), 2)).toBeNull();
  expect(store.size).toBe(1);
});
