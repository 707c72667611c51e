/** A special token, as far as splitting a text is concerned. */
export interface SpecialToken {
  readonly text: string;
  /** It removes the spaces before it, so the text before it may not be cut off from it. */
  readonly stripsLeft: boolean;
}

/** Occurrences one native call may see. */
const OCCURRENCES_MAX = 256;

/** A text of the shape `<…>` that cannot overlap another of that shape. */
const PLAIN_SHAPE = /^<[^<>]+>$/;

/**
 * Makes a function that cuts a text in front of special tokens so that no part holds many. llama.cpp's search
 * for special tokens takes time quadratic in their number: 50,000 `<|im_start|>` in one text held the event
 * loop for 4 seconds, in parts it is 0.1. The parts tokenize to the same ids as the whole.
 */
export function makeSpecialSplitter(tokens: readonly SpecialToken[]): (text: string) => string[] {
  const plain = tokens.filter((token) => PLAIN_SHAPE.test(token.text));
  const others = tokens.filter((token) => !PLAIN_SHAPE.test(token.text));
  const cuttable = plain.filter((token) => !token.stripsLeft);
  // Where another special token could reach across a plain one, cutting there could change what is found.
  if (cuttable.length === 0 || others.some((token) => /[<>]/.test(token.text))) return (text) => [text];
  const pattern = new RegExp(cuttable.map((token) => escapePattern(token.text)).join('|'), 'g');
  return (text) => {
    const parts: string[] = [];
    let from = 0;
    let count = 0;
    for (const match of text.matchAll(pattern)) {
      if (++count % OCCURRENCES_MAX !== 0) continue;
      parts.push(text.slice(from, match.index));
      from = match.index;
    }
    parts.push(text.slice(from));
    return parts.filter((part) => part !== '');
  };
}

function escapePattern(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
