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

type Phase = 'before' | 'inside' | 'after';

/**
 * Tells reasoning from the answer: only one block, at the very beginning, counts (a `<think>` in the middle of an
 * answer is text). Kept inline, the reasoning is still hidden from the inner parser, so that a tool call a model
 * only thinks about is not made.
 */
export function createReasoningParser(options: ReasoningParserOptions): OutputParser {
  const { tags, separate, inner } = options;
  let phase: Phase = options.opened ? 'inside' : 'before';
  let held = '';
  /** Blank lines after the tags belong to the tags when the reasoning is split off. */
  let atEdge = separate;

  const inside = (text: string): OutputPiece[] => {
    let shown = text;
    if (separate && atEdge) shown = shown.trimStart();
    if (shown === '') return [];
    atEdge = false;
    return [{ type: separate ? 'reasoning' : 'content', text: shown }];
  };

  const after = (text: string): OutputPiece[] => {
    const shown = separate && atEdge ? text.trimStart() : text;
    if (shown === '') return [];
    atEdge = false;
    return inner.push(shown);
  };

  const pushBefore = (window: string): OutputPiece[] => {
    const text = window.trimStart();
    if (text.startsWith(tags.open)) {
      phase = 'inside';
      const lead = separate ? '' : window.slice(0, window.length - text.length) + tags.open;
      return [...inside(lead), ...pushInside(text.slice(tags.open.length))];
    }
    if (tags.open.startsWith(text)) {
      held = window;
      return [];
    }
    phase = 'after';
    atEdge = false;
    return inner.push(window);
  };

  const pushInside = (window: string): OutputPiece[] => {
    const end = window.indexOf(tags.close);
    if (end >= 0) {
      const pieces = inside(separate ? window.slice(0, end).trimEnd() : window.slice(0, end) + tags.close);
      phase = 'after';
      atEdge = separate;
      return [...pieces, ...after(window.slice(end + tags.close.length))];
    }
    let heldLength = overlapLength(window, tags.close);
    // Blanks before the closing tag are dropped with it, so they wait until it is clear what follows.
    if (separate) {
      const text = window.slice(0, window.length - heldLength);
      heldLength += text.length - text.trimEnd().length;
    }
    held = heldLength === 0 ? '' : window.slice(-heldLength);
    return inside(window.slice(0, window.length - heldLength));
  };

  return {
    push(text) {
      const window = held + text;
      held = '';
      if (phase === 'before') return pushBefore(window);
      return phase === 'inside' ? pushInside(window) : after(window);
    },
    end() {
      const rest = held;
      held = '';
      if (phase === 'inside') return [...inside(rest), ...inner.end()];
      return [...(rest === '' ? [] : inner.push(rest)), ...inner.end()];
    },
    get inReasoning() {
      return phase === 'inside';
    },
  };
}
