/** Where each run of `size` tokens occurred last in a text that grows at its end. */
export class NgramIndex {
  readonly #size: number;
  /** Hash of a run -> position right after its latest occurrence. */
  readonly #ends = new Map<number, number>();
  #indexed: number;

  constructor(size: number) {
    this.#size = size;
    this.#indexed = size;
  }

  /**
   * Where the text went on after the latest earlier occurrence of its last `size` tokens, or -1. Indexes what is new
   * on the way; runs are indexed once a token follows them.
   */
  findContinuation(tokens: Int32Array, length: number): number {
    for (; this.#indexed < length; this.#indexed++) {
      this.#ends.set(hashRun(tokens, this.#indexed, this.#size), this.#indexed);
    }
    if (length <= this.#size) return -1;
    const end = this.#ends.get(hashRun(tokens, length, this.#size)) ?? -1;
    return end >= 0 && isSameRun(tokens, end, tokens, length, this.#size) ? end : -1;
  }
}

/**
 * The `count` tokens that follow if the text goes on from `length` as it did from `from`: into the repeated part
 * again once the copy reaches the end.
 */
export function copyContinuation(tokens: Int32Array, length: number, from: number, count: number): number[] {
  const period = length - from;
  return Array.from({ length: count }, (_, i) => tokens[from + (i % period)]!);
}

/** Hash of the `size` tokens before `end`. */
export function hashRun(tokens: Int32Array, end: number, size: number): number {
  let hash = 0;
  for (let at = end - size; at < end; at++) hash = Math.imul(hash ^ tokens[at]!, 0x01000193) + 0x9e3779b9;
  return hash | 0;
}

/** Whether the `size` tokens before `aEnd` in `a` are those before `bEnd` in `b`. */
export function isSameRun(a: Int32Array, aEnd: number, b: Int32Array, bEnd: number, size: number): boolean {
  for (let back = 1; back <= size; back++) if (a[aEnd - back] !== b[bEnd - back]) return false;
  return true;
}
