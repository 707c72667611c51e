import type { CallEvent, CallsReader, ReadResult } from './call-scanner.ts';
import { ClosingReader } from './closing-reader.ts';

/** The part of a call in front of its arguments. */
export type CallHead = { readonly name: string; readonly length: number } | 'more' | 'failed';

export interface NamedCallOptions {
  /**
   * Finds the name in the text so far; called for each longer beginning of the text. `length` is where the
   * arguments (or blanks in front of them) begin.
   */
  readonly readHead: (text: string) => CallHead;
  /** Texts behind the arguments that belong to the call. */
  readonly closing: readonly string[];
}

/** One call whose name stands in front of a JSON object with nothing but the arguments. */
export class NamedCallReader implements CallsReader {
  readonly #options: NamedCallOptions;
  readonly #closing: ClosingReader;
  #head = '';
  #place: 'head' | 'arguments' | 'closing' = 'head';
  #depth = 0;
  #inString = false;
  #escaped = false;

  constructor(options: NamedCallOptions) {
    this.#options = options;
    this.#closing = new ClosingReader(options.closing);
  }

  push(text: string): ReadResult {
    const events: CallEvent[] = [];
    let rest = text;
    while (this.#place === 'head') {
      if (rest === '') return { events, state: 'open', rest };
      // Character by character, so that the place of a failure does not depend on how the text was cut.
      this.#head += rest[0];
      rest = rest.slice(1);
      const head = this.#options.readHead(this.#head);
      if (head === 'failed') return { events, state: 'failed', rest };
      if (head === 'more') continue;
      events.push({ type: 'name', name: head.name });
      rest = this.#head.slice(head.length) + rest;
      this.#place = 'arguments';
    }
    if (this.#place === 'arguments') {
      const taken = this.#takeArguments(rest);
      if (taken.text !== '') events.push({ type: 'arguments', text: taken.text });
      if (taken.state === 'open') return { events, state: 'open', rest: '' };
      rest = taken.rest;
      if (taken.state === 'missing')
        return { events: [...events, { type: 'arguments', text: '{}' }], state: 'done', rest };
      this.#place = 'closing';
    }
    const behind = this.#closing.push(rest);
    return behind === null ? { events, state: 'open', rest: '' } : { events, state: 'done', rest: behind };
  }

  #takeArguments(text: string): { text: string; state: 'open' | 'done' | 'missing'; rest: string } {
    let start = 0;
    if (this.#depth === 0) {
      start = text.length - text.trimStart().length;
      if (start === text.length) return { text: '', state: 'open', rest: '' };
      if (text[start] !== '{') return { text: '', state: 'missing', rest: text.slice(start) };
    }
    for (let place = start; place < text.length; place++) {
      this.#look(text[place]!);
      if (this.#depth === 0) {
        return { text: text.slice(start, place + 1), state: 'done', rest: text.slice(place + 1) };
      }
    }
    return { text: text.slice(start), state: 'open', rest: '' };
  }

  #look(char: string): void {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (char === '\\') this.#escaped = true;
      else if (char === '"') this.#inString = false;
    } else if (char === '"') {
      this.#inString = true;
    } else if (char === '{' || char === '[') {
      this.#depth++;
    } else if (char === '}' || char === ']') {
      this.#depth--;
    }
  }
}
