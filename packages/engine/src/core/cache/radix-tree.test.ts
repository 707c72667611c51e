import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RadixTree } from './radix-tree.ts';

/** Few symbols, so that paths share prefixes, part and meet. */
const pathArbitrary = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 14 });
const operationArbitrary = fc.record({
  remove: fc.boolean(),
  holder: fc.integer({ min: 0, max: 7 }),
  space: fc.constantFrom('a', 'b'),
  path: pathArbitrary,
});

interface Held {
  space: string;
  path: readonly number[];
}

function countCommon(a: readonly number[], b: readonly number[], limit: number): number {
  let common = 0;
  while (common < Math.min(a.length, b.length, limit) && a[common] === b[common]) common++;
  return common;
}

test('the tree finds what comparing with every path finds, for any history', () => {
  const queryArbitrary = fc.record({
    space: fc.constantFrom('a', 'b'),
    path: pathArbitrary,
    limit: fc.nat(14),
  });
  fc.assert(
    fc.property(
      fc.array(operationArbitrary, { maxLength: 40 }),
      fc.array(queryArbitrary, { maxLength: 10 }),
      (operations, queries) => {
        const tree = new RadixTree<number>();
        const held = new Map<number, Held>();
        for (const { remove, holder, space, path } of operations) {
          if (remove) {
            tree.remove(holder);
            held.delete(holder);
          } else {
            tree.insert(space, Int32Array.from(path), path.length, holder);
            held.set(holder, { space, path });
          }
        }
        expect(tree.countNodes()).toBeLessThanOrEqual(2 * held.size);
        for (const [holder, { space, path }] of held) {
          expect([...tree.pathOf(holder)]).toEqual(path);
          expect(tree.spaceOf(holder)).toBe(space);
        }
        for (const query of queries) expectSameAnswers(tree, held, query);
      },
    ),
    { numRuns: 1000 },
  );
});

function expectSameAnswers(
  tree: RadixTree<number>,
  held: ReadonlyMap<number, Held>,
  query: { space: string; path: readonly number[]; limit: number },
): void {
  const { space, path, limit: wished } = query;
  const limit = Math.min(wished, path.length);
  const tokens = Int32Array.from(path);
  for (const accepts of [() => true, (holder: number) => holder % 2 === 0]) {
    let longest = 0;
    for (const [holder, other] of held) {
      if (other.space === space && accepts(holder))
        longest = Math.max(longest, countCommon(other.path, path, limit));
    }
    const match = tree.find(space, tokens, limit, accepts);
    expect(match?.length ?? 0).toBe(longest);
    if (match === null) continue;
    const owners = [...held].filter(
      ([, other]) => other.space === space && countCommon(other.path, path, limit) >= longest,
    );
    expect([...match.holders].sort()).toEqual(owners.map(([holder]) => holder).sort());
  }
  const whole = [...held].filter(
    ([, other]) => other.space === space && countCommon(other.path, path, limit) === other.path.length,
  );
  expect(tree.findWhole(space, tokens, limit).sort()).toEqual(whole.map(([holder]) => holder).sort());
}

test('a tree that everybody left is empty', () => {
  const tree = new RadixTree<string>();
  const tokens = Int32Array.from([1, 2, 3, 4]);
  tree.insert('a', tokens, 4, 'x');
  tree.insert('a', tokens, 2, 'y');
  tree.insert('a', tokens, 1, 'x');
  expect(tree.lengthOf('x')).toBe(1);
  tree.remove('x');
  tree.remove('y');
  tree.remove('y');
  expect(tree.countNodes()).toBe(0);
  expect([...tree.holders()]).toEqual([]);
  expect(tree.find('a', tokens, 4)).toBeNull();
});
