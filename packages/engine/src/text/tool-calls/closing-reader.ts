/** Skips what may stand behind a call: blanks and, in this order, texts that are all optional. */
export class ClosingReader {
  readonly #texts: readonly string[];
  #next = 0;
  #held = '';

  constructor(texts: readonly string[]) {
    this.#texts = texts;
  }

  /** Null while more text is needed to decide; then the text behind the closing. */
  push(text: string): string | null {
    let rest = this.#held + text;
    this.#held = '';
    while (this.#next < this.#texts.length) {
      const trimmed = rest.trimStart();
      const found = this.#texts.findIndex(
        (wanted, place) => place >= this.#next && trimmed.startsWith(wanted),
      );
      if (found >= 0) {
        rest = trimmed.slice(this.#texts[found]!.length);
        this.#next = found + 1;
        continue;
      }
      if (this.#texts.some((wanted, place) => place >= this.#next && wanted.startsWith(trimmed))) {
        this.#held = rest;
        return null;
      }
      break;
    }
    return rest;
  }
}
