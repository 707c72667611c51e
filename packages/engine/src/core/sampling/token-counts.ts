/** Which tokens a sequence holds and how often each was generated: what the penalties need. */
export class TokenCounts {
  /** Distinct tokens of prompt and output, in order of first appearance. */
  readonly tokens: number[] = [];
  /** Occurrences in the output of `tokens[i]`. */
  readonly generated: number[] = [];
  readonly #places = new Map<number, number>();

  constructor(promptTokens: Iterable<number>) {
    for (const token of promptTokens) this.#place(token);
  }

  addGenerated(token: number): void {
    const place = this.#place(token);
    this.generated[place] = this.generated[place]! + 1;
  }

  #place(token: number): number {
    const known = this.#places.get(token);
    if (known !== undefined) return known;
    const place = this.tokens.length;
    this.#places.set(token, place);
    this.tokens.push(token);
    this.generated.push(0);
    return place;
  }
}
