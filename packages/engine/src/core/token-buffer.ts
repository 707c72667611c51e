/** Token ids that grow at the end: prompt, then output. */
export class TokenBuffer {
  #tokens: Int32Array;
  #length: number;

  constructor(initial: readonly number[]) {
    this.#tokens = new Int32Array(Math.max(64, initial.length + 64));
    this.#tokens.set(initial);
    this.#length = initial.length;
  }

  get length(): number {
    return this.#length;
  }

  at(index: number): number {
    return this.#tokens[index]!;
  }

  push(token: number): void {
    if (this.#length === this.#tokens.length) {
      const grown = new Int32Array(2 * this.#length);
      grown.set(this.#tokens);
      this.#tokens = grown;
    }
    this.#tokens[this.#length++] = token;
  }

  /** The backing array: entries from `length` on mean nothing, and `push` may replace it. */
  get array(): Int32Array {
    return this.#tokens;
  }
}
