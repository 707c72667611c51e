import { expect, test } from 'vitest';
import { AdapterTurns } from './adapter-turns.ts';

test('a group keeps the turn for its steps, then the one that waited longest gets it', () => {
  const turns = new AdapterTurns(2, 100);
  const groups = new Set([null, 'one', 'two']);
  const taken = Array.from({ length: 8 }, () => turns.next(groups));
  expect(taken).toEqual([null, null, 'one', 'one', 'two', 'two', null, null]);
});

test('a group without work gives its turn away at once, and one alone keeps it', () => {
  const turns = new AdapterTurns(4, 100);
  expect(turns.next(new Set(['one', 'two']))).toBe('one');
  expect(turns.next(new Set(['two']))).toBe('two');
  for (let i = 0; i < 10; i++) expect(turns.next(new Set(['two']))).toBe('two');
  // Its turn is over by now, so the newcomer is next.
  expect(turns.next(new Set(['two', 'three']))).toBe('three');
});

test('with any number of groups each gets the same share', () => {
  const turns = new AdapterTurns(3, 100);
  const groups = new Set(Array.from({ length: 7 }, (_, i) => `adapter-${i}`));
  const steps = new Map<string | null, number>();
  for (let i = 0; i < 210; i++) {
    const group = turns.next(groups);
    steps.set(group, (steps.get(group) ?? 0) + 1);
  }
  expect([...steps.values()]).toEqual(new Array(7).fill(30));
});

test('long steps end a turn sooner', () => {
  const turns = new AdapterTurns(4, 100);
  const groups = new Set(['one', 'two']);
  const taken = [80, 30, 150, 10, 10, 10, 10, 10].map((stepMs) => {
    const group = turns.next(groups);
    turns.spend(stepMs);
    return group;
  });
  expect(taken).toEqual(['one', 'one', 'two', 'one', 'one', 'one', 'one', 'two']);
});
