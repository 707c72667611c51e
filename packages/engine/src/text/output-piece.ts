/** What the text of one choice turns out to be, in the order it was written. */
export type OutputPiece =
  | { readonly type: 'content'; readonly text: string }
  | { readonly type: 'reasoning'; readonly text: string }
  /** A tool call begins; its name is complete. Calls are numbered from 0 within the choice. */
  | { readonly type: 'call-start'; readonly index: number; readonly name: string }
  /** More of the JSON text of that call's arguments. */
  | { readonly type: 'call-arguments'; readonly index: number; readonly text: string };

/** Reads text that arrives in pieces cut anywhere; what comes out in total never depends on the cuts. */
export interface OutputParser {
  push(text: string): OutputPiece[];
  /** The text is over: whatever was held back. */
  end(): OutputPiece[];
  /** Whether the text right now is reasoning; tokens are counted by it. */
  readonly inReasoning: boolean;
}

/** Everything is content. */
export const plainParser: OutputParser = {
  push: (text) => (text === '' ? [] : [{ type: 'content', text }]),
  end: () => [],
  inReasoning: false,
};

/** Joins neighbours of one kind, so that a chunk carries one string and not one for each character. */
export function joinPieces(pieces: readonly OutputPiece[]): OutputPiece[] {
  const joined: OutputPiece[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    if (last?.type === 'content' && piece.type === 'content') {
      joined[joined.length - 1] = { type: 'content', text: last.text + piece.text };
    } else if (last?.type === 'reasoning' && piece.type === 'reasoning') {
      joined[joined.length - 1] = { type: 'reasoning', text: last.text + piece.text };
    } else if (
      last?.type === 'call-arguments' &&
      piece.type === 'call-arguments' &&
      last.index === piece.index
    ) {
      joined[joined.length - 1] = { ...last, text: last.text + piece.text };
    } else {
      joined.push(piece);
    }
  }
  return joined;
}
