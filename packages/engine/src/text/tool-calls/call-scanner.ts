/** What a piece of a written call reveals. */
export type CallEvent =
  /** The name is complete. Comes before any arguments. */
  { readonly type: 'name'; readonly name: string } | { readonly type: 'arguments'; readonly text: string };

export interface ReadResult {
  readonly events: readonly CallEvent[];
  /** `done`: the calls are over; `failed`: this is no call. */
  readonly state: 'open' | 'done' | 'failed';
  /** Text that does not belong to the calls; empty while open. */
  readonly rest: string;
}

/** Reads what follows a marker: one or several calls. */
export interface CallsReader {
  push(text: string): ReadResult;
  /** The text is over: what completes a call that has begun. */
  end?(): readonly CallEvent[];
}

const nameKeys = new Set(['name', 'function', 'tool_name']);
const argumentKeys = new Set(['arguments', 'parameters', 'args', 'input']);
const wrapperKeys = new Set(['function', 'tool_call', 'tool', 'function_call']);

type Place = 'start' | 'key' | 'in-key' | 'colon' | 'value' | 'in-value' | 'comma' | 'done' | 'failed';

/**
 * Reads one JSON object `{"name": …, "arguments": {…}}` as it is written, keys in any order, and passes the
 * text of the arguments on unchanged, character by character: what the caller gets is exactly what the model
 * wrote.
 */
export class CallScanner implements CallsReader {
  #place: Place = 'start';
  #key = '';
  #value = '';
  /** An object of arguments streams through; arguments of another type have to be seen whole first. */
  #valueKind: 'name' | 'streamed' | 'whole' | 'skipped' = 'skipped';
  #valueEmpty = true;
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** Objects around the call, as in {"function": {"name": …}}. */
  #wrappers = 0;
  #name: string | null = null;
  /** Arguments written before the name. */
  #early = '';
  #hasArguments = false;
  #events: CallEvent[] = [];
  readonly #accepts: (name: string) => boolean;

  /** @param accepts whether a tool has this name; the object is no call otherwise. */
  constructor(accepts: (name: string) => boolean) {
    this.#accepts = accepts;
  }

  push(text: string): ReadResult {
    this.#events = [];
    let used = 0;
    while (used < text.length && this.#place !== 'done' && this.#place !== 'failed') {
      if (this.#take(text[used]!)) used++;
    }
    const state = this.#place === 'done' || this.#place === 'failed' ? this.#place : 'open';
    return { events: this.#events, state, rest: text.slice(used) };
  }

  /** False: the character was not taken and has to be looked at again. */
  #take(char: string): boolean {
    switch (this.#place) {
      case 'start':
        if (char === '{') this.#place = 'key';
        else if (!isBlank(char)) this.#place = 'failed';
        return this.#place !== 'failed';
      case 'key':
        return this.#takeKeyStart(char);
      case 'in-key':
        return this.#takeKey(char);
      case 'colon':
        if (char === ':') this.#place = 'value';
        else if (!isBlank(char)) this.#place = 'failed';
        return this.#place !== 'failed';
      case 'value':
        return this.#takeValueStart(char);
      case 'in-value':
        return this.#takeValue(char);
      case 'comma':
        if (char === ',') this.#place = 'key';
        else if (char === '}') this.#close();
        else if (!isBlank(char)) this.#place = 'failed';
        return this.#place !== 'failed';
      default:
        return false;
    }
  }

  #takeKeyStart(char: string): boolean {
    if (char === '"') {
      this.#place = 'in-key';
      this.#key = '"';
    } else if (char === '}') {
      this.#close();
    } else if (!isBlank(char)) {
      this.#place = 'failed';
    }
    return this.#place !== 'failed';
  }

  #takeKey(char: string): boolean {
    this.#key += char;
    if (this.#escaped) this.#escaped = false;
    else if (char === '\\') this.#escaped = true;
    else if (char === '"') this.#place = 'colon';
    return true;
  }

  #takeValueStart(char: string): boolean {
    if (isBlank(char)) return true;
    const key = readString(this.#key) ?? '';
    if (char === '{' && wrapperKeys.has(key) && !argumentKeys.has(key)) {
      this.#wrappers++;
      this.#place = 'key';
      return true;
    }
    this.#valueKind = 'skipped';
    if (char === '"' && nameKeys.has(key) && this.#name === null) this.#valueKind = 'name';
    else if (argumentKeys.has(key) && !this.#hasArguments)
      this.#valueKind = char === '{' ? 'streamed' : 'whole';
    if (this.#valueKind === 'streamed') this.#hasArguments = true;
    this.#value = '';
    this.#valueEmpty = true;
    this.#depth = 0;
    this.#inString = false;
    this.#place = 'in-value';
    return false;
  }

  #takeValue(char: string): boolean {
    if (this.#inString) {
      this.#keep(char);
      if (this.#escaped) this.#escaped = false;
      else if (char === '\\') this.#escaped = true;
      else if (char === '"') this.#inString = false;
      if (!this.#inString && this.#depth === 0) this.#endValue();
      return true;
    }
    if (this.#depth === 0 && (char === ',' || char === '}' || (isBlank(char) && !this.#valueEmpty))) {
      // A bare number or word ends where something else begins.
      this.#endValue();
      return false;
    }
    this.#keep(char);
    if (char === '"') this.#inString = true;
    else if (char === '{' || char === '[') this.#depth++;
    else if ((char === '}' || char === ']') && --this.#depth === 0) this.#endValue();
    return true;
  }

  #keep(char: string): void {
    this.#valueEmpty = false;
    if (this.#valueKind === 'streamed') this.#pass(char);
    else if (this.#valueKind !== 'skipped') this.#value += char;
  }

  #endValue(): void {
    this.#place = 'comma';
    const value = this.#value;
    if (this.#valueKind === 'name') {
      this.#name = readString(value) ?? '';
      if (!this.#accepts(this.#name)) {
        this.#place = 'failed';
        return;
      }
      this.#events.push({ type: 'name', name: this.#name });
      if (this.#early !== '') this.#events.push({ type: 'arguments', text: this.#early });
      this.#early = '';
    } else if (this.#valueKind === 'whole') {
      this.#hasArguments = true;
      // Some models write the object as a string; none at all is an empty object.
      this.#pass(value === 'null' ? '{}' : (readString(value) ?? value));
    }
  }

  #pass(text: string): void {
    if (this.#name === null) {
      this.#early += text;
      return;
    }
    const last = this.#events.at(-1);
    if (last?.type === 'arguments') {
      this.#events[this.#events.length - 1] = { type: 'arguments', text: last.text + text };
    } else {
      this.#events.push({ type: 'arguments', text });
    }
  }

  #close(): void {
    if (this.#wrappers > 0) {
      this.#wrappers--;
      this.#place = 'comma';
      return;
    }
    if (this.#name === null) {
      this.#place = 'failed';
      return;
    }
    if (!this.#hasArguments) this.#pass('{}');
    this.#place = 'done';
  }
}

function readString(json: string): string | null {
  if (!json.startsWith('"')) return null;
  try {
    return JSON.parse(json) as string;
  } catch {
    // Raw line breaks and the like: as the model wrote it, without the quotes.
    return json.slice(1, -1);
  }
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\n' || char === '\t' || char === '\r';
}
