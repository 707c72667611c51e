import type { CallEvent, CallsReader, ReadResult } from './call-scanner.ts';
import { ClosingReader } from './closing-reader.ts';
import type { CallHead } from './named-calls.ts';
import type { ToolSignatures } from './tool-family.ts';

/** How calls with one tag a parameter are spelled. */
export interface TaggedCallOptions {
  readonly readHead: (text: string) => CallHead;
  /** Opens a parameter; also tells a parameter that has only begun. */
  readonly parameterOpen: string;
  /** One whole parameter at the start of the text: groups 1 and 2 are its name and value. */
  readonly parameter: RegExp;
  /** Ends the parameters. */
  readonly end: string;
  /** Texts behind the end that belong to the call. */
  readonly closing: readonly string[];
  readonly signatures: ToolSignatures;
}

/** A call with one tag a parameter, values bare: they become JSON by the types of the tool's schema. */
export class TaggedCallReader implements CallsReader {
  readonly #options: TaggedCallOptions;
  readonly #closing: ClosingReader;
  #text = '';
  #name: string | null = null;
  #written = 0;
  #over = false;

  constructor(options: TaggedCallOptions) {
    this.#options = options;
    this.#closing = new ClosingReader(options.closing);
  }

  push(text: string): ReadResult {
    const events: CallEvent[] = [];
    let rest = text;
    while (this.#name === null) {
      if (rest === '') return { events, state: 'open', rest };
      this.#text += rest[0];
      rest = rest.slice(1);
      const head = this.#options.readHead(this.#text);
      if (head === 'failed') return { events, state: 'failed', rest };
      if (head === 'more') continue;
      this.#name = head.name;
      this.#text = this.#text.slice(head.length);
      events.push({ type: 'name', name: head.name });
    }
    if (!this.#over) {
      this.#text += rest;
      if (!this.#readParameters(events)) return { events, state: 'open', rest: '' };
      rest = this.#text;
      this.#over = true;
    }
    const behind = this.#closing.push(rest);
    return behind === null ? { events, state: 'open', rest: '' } : { events, state: 'done', rest: behind };
  }

  end(): CallEvent[] {
    if (this.#name === null || this.#over) return [];
    this.#over = true;
    return [{ type: 'arguments', text: this.#written === 0 ? '{}' : '}' }];
  }

  /** False while more text is needed; then #text is what stands behind the parameters. */
  #readParameters(events: CallEvent[]): boolean {
    const { parameter, parameterOpen, end } = this.#options;
    for (;;) {
      const text = this.#text.trimStart();
      const found = parameter.exec(text);
      if (found !== null) {
        const [whole, key, value] = found;
        const lead = this.#written++ === 0 ? '{' : ', ';
        const json = toJson(value!, this.#options.signatures.get(this.#name!), key!);
        events.push({ type: 'arguments', text: `${lead}${JSON.stringify(key)}: ${json}` });
        this.#text = text.slice(whole.length);
        continue;
      }
      const isUnfinished =
        text.startsWith(parameterOpen) || parameterOpen.startsWith(text) || end.startsWith(text);
      if (isUnfinished && text !== end) return false;
      events.push({ type: 'arguments', text: this.#written === 0 ? '{}' : '}' });
      this.#text = text.startsWith(end) ? text.slice(end.length) : this.#text;
      return true;
    }
  }
}

/** A bare value as JSON: text where the schema says so, what it reads as where it says otherwise. */
function toJson(value: string, schema: Record<string, unknown> | undefined, key: string): string {
  const properties = schema?.properties as Record<string, { type?: unknown }> | undefined;
  if (properties?.[key]?.type === 'string') return JSON.stringify(value);
  try {
    return JSON.stringify(JSON.parse(value));
  } catch {
    return JSON.stringify(value);
  }
}
