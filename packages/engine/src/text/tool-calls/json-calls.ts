import { type CallEvent, CallScanner, type CallsReader, type ReadResult } from './call-scanner.ts';
import { ClosingReader } from './closing-reader.ts';

export interface JsonCallsOptions {
  readonly accepts: (name: string) => boolean;
  /** Texts behind the calls that belong to them. */
  readonly closing: readonly string[];
  /** Characters besides blanks that may stand between two calls; null: one object (or one list) is all. */
  readonly separators: string | null;
}

type Place = 'first' | 'item' | 'between' | 'closing';

/** Calls as JSON objects: one, a list in brackets, or several in a row. */
export class JsonCallsReader implements CallsReader {
  readonly #options: JsonCallsOptions;
  readonly #closing: ClosingReader;
  #place: Place = 'first';
  #inList = false;
  #scanner: CallScanner;

  constructor(options: JsonCallsOptions) {
    this.#options = options;
    this.#closing = new ClosingReader(options.closing);
    this.#scanner = new CallScanner(options.accepts);
  }

  push(text: string): ReadResult {
    const events: CallEvent[] = [];
    let rest = text;
    while (rest !== '') {
      if (this.#place === 'closing') {
        const behind = this.#closing.push(rest);
        return behind === null ? open(events) : { events, state: 'done', rest: behind };
      }
      const char = rest[0]!;
      if (this.#place === 'item') {
        const result = this.#scanner.push(rest);
        events.push(...result.events);
        if (result.state === 'failed') return { ...result, events };
        if (result.state === 'open') return open(events);
        rest = result.rest;
        this.#place = this.#inList || this.#options.separators !== null ? 'between' : 'closing';
        // Nothing to wait for: the calls end here and not with the next character.
        if (this.#place === 'closing' && this.#options.closing.length === 0)
          return { events, state: 'done', rest };
      } else if (char.trim() === '') {
        rest = rest.slice(1);
      } else if (this.#place === 'first') {
        if (char === '[' && !this.#inList) rest = this.#openList(rest);
        else if (char === '{') this.#startItem();
        else return { events, state: 'failed', rest };
      } else {
        const step = this.#takeBetween(char);
        if (step === 'end') this.#place = 'closing';
        else if (step === 'skip') rest = rest.slice(1);
        if (this.#place === 'closing' && this.#options.closing.length === 0)
          return { events, state: 'done', rest };
      }
    }
    return open(events);
  }

  #openList(rest: string): string {
    this.#inList = true;
    return rest.slice(1);
  }

  #startItem(): void {
    this.#place = 'item';
    this.#scanner = new CallScanner(this.#options.accepts);
  }

  #takeBetween(char: string): 'skip' | 'again' | 'end' {
    if (this.#inList && char === ',') return 'skip';
    if (this.#inList && char === ']') {
      this.#place = 'closing';
      return 'skip';
    }
    if (char === '{') {
      this.#startItem();
      return 'again';
    }
    if (!this.#inList && this.#options.separators?.includes(char) === true) return 'skip';
    return 'end';
  }
}

function open(events: readonly CallEvent[]): ReadResult {
  return { events, state: 'open', rest: '' };
}
