/**
 * A set of code points: sorted, disjoint, non-adjacent inclusive ranges, flat as [low, high, low, high, ...].
 */
export type CharSet = readonly number[];

export const CODE_POINT_MAX = 0x10ffff;
/** Every code point that UTF-8 can write: all but the surrogates. */
export const SCALAR_VALUES: CharSet = [0, 0xd7ff, 0xe000, CODE_POINT_MAX];

/** Sorts and merges ranges given in any order, overlapping or not. */
export function charSetOf(ranges: readonly (readonly [number, number])[]): CharSet {
  const sorted = [...ranges].sort((left, right) => left[0] - right[0]);
  const merged: number[] = [];
  for (const [low, high] of sorted) {
    const lastHigh = merged[merged.length - 1];
    if (lastHigh !== undefined && low <= lastHigh + 1) merged[merged.length - 1] = Math.max(lastHigh, high);
    else merged.push(low, high);
  }
  return merged;
}

export function unionCharSets(left: CharSet, right: CharSet): CharSet {
  return charSetOf([...rangesOf(left), ...rangesOf(right)]);
}

export function negateCharSet(set: CharSet): CharSet {
  const negated: number[] = [];
  let next = 0;
  for (const [low, high] of rangesOf(set)) {
    if (low > next) negated.push(next, low - 1);
    next = high + 1;
  }
  if (next <= CODE_POINT_MAX) negated.push(next, CODE_POINT_MAX);
  return negated;
}

export function intersectCharSets(left: CharSet, right: CharSet): CharSet {
  const shared: number[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    const low = Math.max(left[i]!, right[j]!);
    const high = Math.min(left[i + 1]!, right[j + 1]!);
    if (low <= high) shared.push(low, high);
    if (left[i + 1]! < right[j + 1]!) i += 2;
    else j += 2;
  }
  return shared;
}

export function charSetHas(set: CharSet, codePoint: number): boolean {
  let low = 0;
  let high = set.length / 2 - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (codePoint < set[2 * middle]!) high = middle - 1;
    else if (codePoint > set[2 * middle + 1]!) low = middle + 1;
    else return true;
  }
  return false;
}

export function* rangesOf(set: CharSet): Generator<[number, number]> {
  for (let i = 0; i < set.length; i += 2) yield [set[i]!, set[i + 1]!];
}
