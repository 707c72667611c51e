import { hashRun, isSameRun } from './ngram-index.ts';

/**
 * Follows the output along a predicted text. While they agree the cursor moves on; where they part, it is found
 * again as soon as the last few output tokens occur in the prediction, at the next place after the cursor.
 */
export class PredictionCursor {
  readonly #prediction: Int32Array;
  readonly #runSize: number;
  /** Hash of a run -> positions right after it, rising. */
  readonly #ends = new Map<number, number[]>();
  /** Next expected token of the prediction. */
  #next = 0;
  #lost = false;
  /** Output tokens followed so far. */
  #followed = 0;

  constructor(prediction: readonly number[], runSize: number) {
    this.#prediction = Int32Array.from(prediction);
    this.#runSize = runSize;
    for (let end = runSize; end < prediction.length; end++) {
      const hash = hashRun(this.#prediction, end, runSize);
      const ends = this.#ends.get(hash);
      if (ends === undefined) this.#ends.set(hash, [end]);
      else ends.push(end);
    }
  }

  /** Up to `count` tokens that should come next. `tokens[outputStart … length)` is the output so far. */
  propose(tokens: Int32Array, outputStart: number, length: number, count: number): number[] {
    this.#follow(tokens, outputStart, length);
    if (this.#lost) return [];
    return Array.from(this.#prediction.subarray(this.#next, this.#next + count));
  }

  #follow(tokens: Int32Array, outputStart: number, length: number): void {
    for (; outputStart + this.#followed < length; this.#followed++) {
      const token = tokens[outputStart + this.#followed]!;
      if (!this.#lost && this.#prediction[this.#next] === token) this.#next++;
      else this.#lost = true;
      if (this.#lost) this.#search(tokens, outputStart, outputStart + this.#followed + 1);
    }
  }

  #search(tokens: Int32Array, outputStart: number, length: number): void {
    if (length - outputStart < this.#runSize) return;
    const ends = this.#ends.get(hashRun(tokens, length, this.#runSize)) ?? [];
    const same = ends.filter((end) => isSameRun(this.#prediction, end, tokens, length, this.#runSize));
    const found = same.find((end) => end >= this.#next) ?? same.at(-1);
    if (found === undefined) return;
    this.#next = found;
    this.#lost = false;
  }
}
