import type { OutputPiece } from '../../text/output-piece.ts';
import type { ResponseShape } from './response-shape.ts';

/** POST /completions: chunks and whole choices look the same. */
export const completionShape: ResponseShape = {
  object: 'text_completion',
  chunkObject: 'text_completion',
  promptIdsIn: 'choice',
  openChoice: () => null,
  chunkChoice: (index, pieces, finish, extras) => ({
    index,
    text: joinContent(pieces),
    finish_reason: finish,
    ...extras,
  }),
  wholeChoice: (index, pieces, finish, extras) => ({
    index,
    text: joinContent(pieces),
    finish_reason: finish,
    ...extras,
  }),
};

/** The text of the content. */
export function joinContent(pieces: readonly OutputPiece[]): string {
  return pieces.map((piece) => (piece.type === 'content' ? piece.text : '')).join('');
}
