import type { OutputParser, OutputPiece } from '../output-piece.ts';
import { overlapLength } from '../stop-matcher.ts';
import type { CallEvent, CallsReader } from './call-scanner.ts';

export interface MarkedCallsOptions {
  /** Texts that begin calls; the earliest in the text counts, the longest of those at one place. */
  readonly markers: readonly string[];
  /** Markers that carry nothing, such as those around a group of calls. */
  readonly empty?: readonly string[];
  /** Only at the very beginning of the answer. */
  readonly onlyFirst?: boolean;
  readonly createReader: (marker: string) => CallsReader;
}

/**
 * Content with calls in it, each group announced by a marker. Blanks around calls belong to them. Text that
 * began like a call and turned out to be none is content, to the byte.
 */
export class MarkedCallsParser implements OutputParser {
  readonly inReasoning = false;
  readonly #options: MarkedCallsOptions;
  #held = '';
  #reader: CallsReader | null = null;
  /** The text of the calls being read, until one of them has a name: it is content if there are none. */
  #unnamed = '';
  #named = false;
  #calls = 0;
  /** Some content came before. */
  #contentSeen = false;
  #afterCalls = false;

  constructor(options: MarkedCallsOptions) {
    this.#options = options;
  }

  push(text: string): OutputPiece[] {
    const pieces: OutputPiece[] = [];
    let rest = this.#held + text;
    this.#held = '';
    while (rest !== '')
      rest = this.#reader === null ? this.#readText(rest, pieces) : this.#readCalls(rest, pieces);
    return pieces;
  }

  end(): OutputPiece[] {
    const pieces: OutputPiece[] = [];
    if (this.#reader !== null) {
      this.#tell(this.#reader.end?.() ?? [], pieces);
      this.#reader = null;
      // A call cut short before its name was known: the caller sees the text.
      this.#showText(this.#unnamed, pieces);
      this.#unnamed = '';
    }
    this.#showText(this.#held, pieces);
    this.#held = '';
    return pieces;
  }

  /** Returns what is still to be read. */
  #readText(read: string, pieces: OutputPiece[]): string {
    const text = this.#afterCalls ? read.trimStart() : read;
    const found = this.#options.onlyFirst === true && this.#contentSeen ? null : this.#findMarker(text);
    if (found !== null) {
      const content = text.slice(0, found.place).trimEnd();
      this.#showText(content, pieces);
      const behind = text.slice(found.place + found.marker.length);
      if (this.#options.empty?.includes(found.marker) === true) {
        this.#afterCalls = true;
        return behind;
      }
      this.#reader = this.#options.createReader(found.marker);
      this.#named = false;
      this.#unnamed = text.slice(content.length, found.place + found.marker.length);
      return behind;
    }
    const heldLength = this.#heldLength(text);
    const shown = text.slice(0, text.length - heldLength);
    this.#held = heldLength === 0 ? '' : text.slice(-heldLength);
    this.#showText(shown, pieces);
    return '';
  }

  #readCalls(text: string, pieces: OutputPiece[]): string {
    const { events, state, rest } = this.#reader!.push(text);
    if (!this.#named) this.#unnamed += text.slice(0, text.length - rest.length);
    this.#tell(events, pieces);
    if (state === 'open') return '';
    this.#reader = null;
    if (state === 'done') this.#afterCalls = true;
    else this.#showText(this.#unnamed, pieces);
    this.#unnamed = '';
    return rest;
  }

  #tell(events: readonly CallEvent[], pieces: OutputPiece[]): void {
    for (const event of events) {
      if (event.type === 'name') {
        pieces.push({ type: 'call-start', index: this.#calls++, name: event.name });
        this.#named = true;
        this.#unnamed = '';
      } else {
        pieces.push({ type: 'call-arguments', index: this.#calls - 1, text: event.text });
      }
    }
  }

  #showText(text: string, pieces: OutputPiece[]): void {
    if (text === '') return;
    pieces.push({ type: 'content', text });
    this.#contentSeen ||= text.trim() !== '';
    this.#afterCalls = false;
  }

  #findMarker(text: string): { place: number; marker: string } | null {
    let found: { place: number; marker: string } | null = null;
    for (const marker of this.#options.markers) {
      const place = text.indexOf(marker);
      if (place < 0) continue;
      if (this.#options.onlyFirst === true && text.slice(0, place).trim() !== '') continue;
      if (
        found === null ||
        place < found.place ||
        (place === found.place && marker.length > found.marker.length)
      ) {
        found = { place, marker };
      }
    }
    return found;
  }

  /** Blanks at the end, and what could become a marker. */
  #heldLength(text: string): number {
    if (this.#options.onlyFirst === true && this.#contentSeen) return 0;
    const partial = Math.max(...this.#options.markers.map((marker) => overlapLength(text, marker)));
    const rest = text.slice(0, text.length - partial);
    return partial + rest.length - rest.trimEnd().length;
  }
}
