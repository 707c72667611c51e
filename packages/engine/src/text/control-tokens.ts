import type { ModelTokenizer } from '../core/model-runner.ts';
import { overlapLength } from './stop-matcher.ts';

/** The model's control tokens by their text, and a pattern that finds them. */
export interface ControlTokens {
  readonly idByText: ReadonlyMap<string, number>;
  /** Null when the model has none with text. */
  readonly pattern: RegExp | null;
}

/** Reads the control tokens once per model (a vocabulary scan). */
export function readControlTokens(tokenizer: ModelTokenizer): ControlTokens {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const idByText = new Map<string, number>();
  for (let token = 0; token < tokenizer.vocabularySize; token++) {
    if (!tokenizer.isControl(token)) continue;
    const text = decoder.decode(tokenizer.tokenBytes(token, true));
    // One-character control texts would match in ordinary prose; a tokenizer does not read them from text
    // either.
    if (text.length > 1 && !idByText.has(text)) idByText.set(text, token);
  }
  if (idByText.size === 0) return { idByText, pattern: null };
  const alternatives = [...idByText.keys()].sort((a, b) => b.length - a.length).map(escapePattern);
  return { idByText, pattern: new RegExp(alternatives.join('|'), 'g') };
}

/**
 * Text a caller wrote must never become control tokens: `<|im_end|>` typed by a user stays ten plain
 * characters. Templates are rendered with the caller's text in place, so the guard marks each control text in
 * it with a character that occurs nowhere in the request, and `encodeGuarded` takes the marks out again.
 */
export interface TextGuard {
  /** Marks the control texts in one string of the caller. */
  protect(text: string): string;
  /** The text as the caller wrote it. */
  reveal(text: string): string;
  readonly mark: string;
}

/**
 * @param written every string of the request in one, so that a mark can be chosen that occurs in none of
 * them.
 */
export function createTextGuard(controls: ControlTokens, written: string): TextGuard {
  const mark = chooseMark(written);
  const texts = [...controls.idByText.keys()];
  return {
    mark,
    protect(text) {
      let marked = text;
      if (controls.pattern !== null) {
        // Again until none is left: control texts may overlap, and a mark in one leaves the other whole.
        while (marked.search(controls.pattern) >= 0) {
          marked = marked.replace(
            controls.pattern,
            (control) => control.slice(0, 1) + mark + control.slice(1),
          );
        }
      }
      return markEdges(marked, texts, mark);
    },
    reveal: (text) => text.replaceAll(mark, ''),
  };
}

/**
 * Keeps a control text from forming across the edge of the caller's text and whatever the template puts
 * beside it.
 */
function markEdges(text: string, controls: readonly string[], mark: string): string {
  const opens = controls.some((control) => overlapLength(text, control) > 0);
  const closes = controls.some((control) => startsWithTail(text, control));
  return (closes ? mark : '') + text + (opens ? mark : '');
}

/** Whether `text` begins with an end of `pattern` (but not all of it). */
function startsWithTail(text: string, pattern: string): boolean {
  for (let start = 1; start < pattern.length; start++) {
    if (text.startsWith(pattern.slice(start))) return true;
  }
  return false;
}

/**
 * A guard that marks nothing, for callers that ask for their control tokens to count (`safe_tokenization:
 * false`).
 */
export const openGuard: TextGuard = { mark: '', protect: (text) => text, reveal: (text) => text };

/**
 * Tokenizes a rendered prompt: the template's control tokens count, the caller's marked ones are plain text.
 */
export function encodeGuarded(
  text: string,
  guard: TextGuard,
  tokenizer: ModelTokenizer,
  controls: ControlTokens,
): number[] {
  const { pattern, idByText } = controls;
  // Without marks the tokenizer does it all itself, including its own rules on spaces around special tokens.
  if (guard.mark === '' || pattern === null || !text.includes(guard.mark)) {
    return tokenizer.encode(text, { addSpecial: false, parseSpecial: true });
  }
  const tokens: number[] = [];
  const encodePlain = (part: string): void => {
    if (part === '') return;
    for (const token of tokenizer.encode(guard.reveal(part), { addSpecial: false, parseSpecial: false })) {
      tokens.push(token);
    }
  };
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    encodePlain(text.slice(end, match.index));
    tokens.push(idByText.get(match[0])!);
    end = match.index + match[0].length;
  }
  encodePlain(text.slice(end));
  return tokens;
}

/** The first private-use character that the request does not contain. */
function chooseMark(written: string): string {
  for (let code = 0xe000; code <= 0xf8ff; code++) {
    const mark = String.fromCharCode(code);
    if (!written.includes(mark)) return mark;
  }
  throw new Error('the request uses every private-use character; remove one so that its text can be marked');
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
}
