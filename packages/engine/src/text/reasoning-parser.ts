import type { OutputParser, OutputPiece } from './output-piece.ts';
import { overlapLength } from './stop-matcher.ts';

/** The tags a model puts around its reasoning. */
export interface ReasoningTags {
  readonly open: string;
  readonly close: string;
}

export const thinkTags: ReasoningTags = { open: '<think>', close: '</think>' };

export interface ReasoningParserOptions {
  readonly tags: ReasoningTags;
  /** The prompt ended inside the tag, so the text begins with reasoning. */
  readonly opened: boolean;
  /** Split the reasoning off (reasoning_content), or leave it in the content, tags and all. */
  readonly separate: boolean;
  /** Reads what is not reasoning. */
  readonly inner: OutputParser;
}

/**
 * Tells reasoning from the answer: only one block, at the very beginning, counts (a `<think>` in the middle
 * of an answer is text). Kept inline, the reasoning is still hidden from the inner parser, so that a tool
 * call a model only thinks about is not made.
 */
export class ReasoningParser implements OutputParser {
  readonly #tags: ReasoningTags;
  readonly #separate: boolean;
  readonly #inner: OutputParser;
  #phase: 'before' | 'inside' | 'after';
  #held = '';
  /** Blanks right behind a tag belong to the tag when the reasoning is split off. */
  #atEdge: boolean;

  constructor(options: ReasoningParserOptions) {
    this.#tags = options.tags;
    this.#separate = options.separate;
    this.#inner = options.inner;
    this.#phase = options.opened ? 'inside' : 'before';
    this.#atEdge = options.separate;
  }

  get inReasoning(): boolean {
    return this.#phase === 'inside';
  }

  push(text: string): OutputPiece[] {
    const window = this.#held + text;
    this.#held = '';
    if (this.#phase === 'before') return this.#readBefore(window);
    return this.#phase === 'inside' ? this.#readInside(window) : this.#showAnswer(window);
  }

  end(): OutputPiece[] {
    const rest = this.#held;
    this.#held = '';
    const shown =
      this.#phase === 'inside' ? this.#showReasoning(rest) : rest === '' ? [] : this.#inner.push(rest);
    return [...shown, ...this.#inner.end()];
  }

  #readBefore(window: string): OutputPiece[] {
    const { open } = this.#tags;
    const text = window.trimStart();
    if (text.startsWith(open)) {
      this.#phase = 'inside';
      const lead = this.#separate ? '' : window.slice(0, window.length - text.length) + open;
      return [...this.#showReasoning(lead), ...this.#readInside(text.slice(open.length))];
    }
    if (open.startsWith(text)) {
      this.#held = window;
      return [];
    }
    this.#phase = 'after';
    this.#atEdge = false;
    return this.#inner.push(window);
  }

  #readInside(window: string): OutputPiece[] {
    const { close } = this.#tags;
    const place = window.indexOf(close);
    if (place >= 0) {
      const text = this.#separate ? window.slice(0, place).trimEnd() : window.slice(0, place) + close;
      const pieces = this.#showReasoning(text);
      this.#phase = 'after';
      this.#atEdge = this.#separate;
      return [...pieces, ...this.#showAnswer(window.slice(place + close.length))];
    }
    let heldLength = overlapLength(window, close);
    // Blanks before the closing tag are dropped with it, so they wait until it is clear what follows.
    if (this.#separate) {
      const text = window.slice(0, window.length - heldLength);
      heldLength += text.length - text.trimEnd().length;
    }
    this.#held = heldLength === 0 ? '' : window.slice(-heldLength);
    return this.#showReasoning(window.slice(0, window.length - heldLength));
  }

  #showReasoning(text: string): OutputPiece[] {
    const shown = this.#trimEdge(text);
    return shown === '' ? [] : [{ type: this.#separate ? 'reasoning' : 'content', text: shown }];
  }

  #showAnswer(text: string): OutputPiece[] {
    const shown = this.#trimEdge(text);
    return shown === '' ? [] : this.#inner.push(shown);
  }

  #trimEdge(text: string): string {
    const shown = this.#atEdge ? text.trimStart() : text;
    if (shown !== '') this.#atEdge = false;
    return shown;
  }
}
