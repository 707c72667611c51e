import type { RenderedExample } from './render-example.ts';

/** What the trainers learn from: ids, and for each id how much its prediction counts (0: not at all). */
export interface TokenizedExample {
  readonly tokens: Int32Array;
  /** weights[i]: weight of predicting tokens[i] from what is before it. weights[0] is 0. */
  readonly weights: Float32Array;
}

export interface TrainingTokenizer {
  readonly bosToken: number | null;
  readonly endTokens: readonly number[];
  readonly addsBos: boolean;
  encode(text: string, options: { addSpecial: boolean; parseSpecial: boolean }): number[];
  tokenBytes(token: number, special?: boolean): Uint8Array;
}

/**
 * Tokenizes the whole text at once (never piece by piece: merges cross the borders) and maps the spans to
 * tokens by their bytes. A token counts when it starts inside a span; what follows the last end-of-turn token
 * of a span (a line break, mostly) is never generated, so it does not count. Throws when the tokens do not
 * spell the text.
 */
export function tokenizeExample(tokenizer: TrainingTokenizer, rendered: RenderedExample): TokenizedExample {
  const { text, spans } = rendered;
  const bosText = tokenizer.bosToken === null ? '' : decode(tokenizer.tokenBytes(tokenizer.bosToken, true));
  const addsBos = tokenizer.addsBos && !(bosText !== '' && text.startsWith(bosText));
  const ids = tokenizer.encode(text, { addSpecial: addsBos, parseSpecial: true });
  const starts = locateTokens(tokenizer, ids, Buffer.byteLength(text), addsBos);
  const tokens = Int32Array.from(ids);
  const weights = new Float32Array(ids.length);
  for (const span of spans) {
    const from = Buffer.byteLength(text.slice(0, span.start));
    const to = from + Buffer.byteLength(text.slice(span.start, span.end));
    const inside = ids.flatMap((_, i) => (i > 0 && starts[i]! >= from && starts[i]! < to ? [i] : []));
    const lastEnd = inside.findLastIndex((i) => tokenizer.endTokens.includes(ids[i]!));
    for (const i of lastEnd < 0 ? inside : inside.slice(0, lastEnd + 1)) weights[i] = 1;
  }
  return { tokens, weights };
}

/** Byte offset at which each token starts in the text. */
function locateTokens(
  tokenizer: TrainingTokenizer,
  ids: readonly number[],
  textBytes: number,
  addsBos: boolean,
): number[] {
  const starts: number[] = [];
  let at = 0;
  ids.forEach((id, index) => {
    starts.push(at);
    if (!(addsBos && index === 0)) at += tokenizer.tokenBytes(id, true).length;
  });
  // SentencePiece models may spell a leading space that the text has not: everything then lies one byte
  // further.
  const extra = at - textBytes;
  if (extra === 0) return starts;
  if (extra === 1) return starts.map((start) => Math.max(0, start - 1));
  throw new Error(
    `the tokenizer spells ${at} bytes for a text of ${textBytes}: it changes text, so the parts to learn cannot be found`,
  );
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** Cuts an example to the context length; null when nothing is left to learn. */
export function truncateExample(example: TokenizedExample, tokensMax: number): TokenizedExample | null {
  const cut =
    example.tokens.length <= tokensMax
      ? example
      : { tokens: example.tokens.slice(0, tokensMax), weights: example.weights.slice(0, tokensMax) };
  return cut.weights.some((weight) => weight > 0) ? cut : null;
}
