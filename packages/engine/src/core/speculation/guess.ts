/**
 * A way to know what comes next from text alone. It follows the output whether its guesses are used or not,
 * so how often they are right is known before the first draft is paid for.
 */
export interface Guess {
  /**
   * Takes note of the text up to `length`; `learn` hears of each new token it had a guess for, `find` when it
   * has a guess again, by how many tokens it was found.
   */
  follow(
    tokens: Int32Array,
    length: number,
    learn: (isRight: boolean) => void,
    find?: (sameTokens: number) => void,
  ): void;
  /** Up to `count` tokens that should come next; none if it has no guess. Call `follow` first. */
  propose(tokens: Int32Array, length: number, count: number): number[];
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
