import type { ModelTokenizer } from '../core/model-runner.ts';
import { createStopMatcher } from './stop-matcher.ts';
import { createUtf8Stream } from './utf8-stream.ts';

/** Text of one choice as tokens arrive. */
export interface ChoiceText {
  /** Text that may be shown after this token; `stop` is the stop string that ended the text. */
  push(token: number): { readonly text: string; readonly stop: string | null };
  /** What was held back. */
  end(): string;
  /** Characters (code points) decoded so far, held back or not; log probabilities name places by it. */
  readonly offset: number;
}

export interface ChoiceTextOptions {
  readonly stops: readonly string[];
  readonly excludeStop: boolean;
  /** Control tokens that are part of the text, because a parser of tool calls looks for them. */
  readonly markers: ReadonlySet<number>;
}

const noBytes = new Uint8Array(0);

/** Control tokens are left out of the text, except the markers. */
export function createChoiceText(tokenizer: ModelTokenizer, options: ChoiceTextOptions): ChoiceText {
  const utf8 = createUtf8Stream();
  const matcher = createStopMatcher(options.stops, options.excludeStop);
  let offset = 0;
  return {
    push(token) {
      const text = utf8.push(shownBytes(tokenizer, token, options.markers));
      offset += countCharacters(text);
      return matcher.push(text);
    },
    // A character that the token limit cut in two is no text: its bytes are left out.
    end: () => matcher.end(),
    get offset() {
      return offset;
    },
  };
}

function shownBytes(tokenizer: ModelTokenizer, token: number, markers: ReadonlySet<number>): Uint8Array {
  if (!tokenizer.isControl(token)) return tokenizer.tokenBytes(token);
  return markers.has(token) ? tokenizer.tokenBytes(token, true) : noBytes;
}

/** The text of tokens with control tokens written out: what the model saw or wrote, to the byte. */
export function decodeRaw(tokenizer: ModelTokenizer, tokens: readonly number[]): string {
  return decodeTokens(tokenizer, tokens, true);
}

/** The text of tokens, with or without that of control tokens. */
export function decodeTokens(tokenizer: ModelTokenizer, tokens: readonly number[], special: boolean): string {
  const utf8 = createUtf8Stream();
  let text = '';
  for (const token of tokens) text += utf8.push(tokenizer.tokenBytes(token, special));
  return text + utf8.end();
}

/**
 * How lists of log probabilities name a token: its text, or its bytes where they are no text of their own.
 */
export function labelToken(tokenizer: ModelTokenizer, token: number): string {
  const bytes = tokenizer.tokenBytes(token, true);
  try {
    return strictDecoder.decode(bytes);
  } catch {
    // Part of a character: OpenAI's notation.
    return `bytes:${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
  }
}

const strictDecoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Code points, as Python's `len` counts: clients slice by these offsets. */
export function countCharacters(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    // The second half of a surrogate pair belongs to the character before it.
    if (code < 0xdc00 || code > 0xdfff) count++;
  }
  return count;
}
