/**
 * Binary heaps over parallel arrays, so that filters select the few tokens they keep instead of sorting the
 * vocabulary. `carried` arrays are permuted along with the keys.
 */
type Carried = Int32Array | Float64Array;

function swap(array: Carried, a: number, b: number): void {
  const held = array[a]!;
  array[a] = array[b]!;
  array[b] = held;
}

function siftDown(keys: Float64Array, from: number, size: number, carried: readonly Carried[]): void {
  let parent = from;
  for (;;) {
    let child = 2 * parent + 1;
    if (child >= size) return;
    if (child + 1 < size && keys[child + 1]! > keys[child]!) child++;
    if (keys[child]! <= keys[parent]!) return;
    swap(keys, parent, child);
    for (const array of carried) swap(array, parent, child);
    parent = child;
  }
}

/** Makes `keys[0 … size)` a heap with the largest key at 0. */
export function buildHeap(keys: Float64Array, size: number, carried: readonly Carried[]): void {
  for (let node = (size >> 1) - 1; node >= 0; node--) siftDown(keys, node, size, carried);
}

/** Moves the root to `size - 1` and restores the heap on the `size - 1` before it. Returns the new size. */
export function popHeap(keys: Float64Array, size: number, carried: readonly Carried[]): number {
  swap(keys, 0, size - 1);
  for (const array of carried) swap(array, 0, size - 1);
  siftDown(keys, 0, size - 1, carried);
  return size - 1;
}

/** Replaces the root's key (its carried values are already replaced) and restores the heap. */
export function replaceRoot(
  keys: Float64Array,
  key: number,
  size: number,
  carried: readonly Carried[],
): void {
  keys[0] = key;
  siftDown(keys, 0, size, carried);
}
