import { type Guess, hashRun, isSameRun } from './guess.ts';

/** More say no more about a place. */
const SAME_TOKENS_MAX = 16;

/**
 * Follows the output along a text that the caller expects. Where they part, the place is found again as soon
 * as the last `runSize` output tokens occur in the prediction: at the next such place, or the last one
 * before.
 */
export function createPredictionGuess(expected: readonly number[], runSize: number, start: number): Guess {
  const prediction = Int32Array.from(expected);
  /** Hash of a run -> positions right after it, rising. */
  const ends = new Map<number, number[]>();
  for (let end = runSize; end < prediction.length; end++) {
    const hash = hashRun(prediction, end, runSize);
    const known = ends.get(hash);
    if (known === undefined) ends.set(hash, [end]);
    else known.push(end);
  }
  let followed = start;
  /** Next expected token of the prediction. */
  let next = 0;
  let isLost = false;

  function search(tokens: Int32Array, length: number): void {
    if (length - start < runSize) return;
    const found = ends.get(hashRun(tokens, length, runSize)) ?? [];
    const same = found.filter((end) => isSameRun(prediction, end, tokens, length, runSize));
    const place = same.find((end) => end >= next) ?? same.at(-1);
    if (place === undefined) return;
    next = place;
    isLost = false;
  }

  /** Tokens before the place that are those before `length`. */
  function countSame(tokens: Int32Array, length: number): number {
    const most = Math.min(next, length - start, SAME_TOKENS_MAX);
    let same = 0;
    while (same < most && prediction[next - 1 - same] === tokens[length - 1 - same]) same++;
    return same;
  }

  return {
    follow(tokens, length, learn, find) {
      for (; followed < length; followed++) {
        if (!isLost && next < prediction.length) {
          isLost = prediction[next] !== tokens[followed];
          learn(!isLost);
          if (!isLost) next++;
        }
        if (!isLost) continue;
        search(tokens, followed + 1);
        if (!isLost) find?.(countSame(tokens, followed + 1));
      }
    },
    propose(_tokens, _length, count) {
      return isLost ? [] : Array.from(prediction.subarray(next, next + count));
    },
  };
}
