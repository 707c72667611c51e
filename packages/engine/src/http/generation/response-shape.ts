import type { Logprobs, RawOutput } from '@sparkler/api';
import type { OutputPiece } from '../../text/output-piece.ts';
import type { FinishReason } from './choice-assembler.ts';

/** Fields beside the text of a choice, present only when asked for. */
export interface ChoiceExtras {
  readonly logprobs: Logprobs | null;
  readonly token_ids?: readonly number[];
  readonly prompt_token_ids?: readonly number[];
  readonly raw_output?: RawOutput;
}

/** How one endpoint words its choices; everything else of a response is the same for both. */
export interface ResponseShape {
  readonly object: string;
  readonly chunkObject: string;
  /** Where prompt_token_ids belong: a chat has one prompt, a completion may have several. */
  readonly promptIdsIn: 'envelope' | 'choice';
  /** A first chunk that says the role, without text; null: there is none. */
  openChoice(index: number): object | null;
  chunkChoice(
    index: number,
    pieces: readonly OutputPiece[],
    finish: FinishReason | null,
    extras: ChoiceExtras,
  ): object;
  wholeChoice(
    index: number,
    pieces: readonly OutputPiece[],
    finish: FinishReason,
    extras: ChoiceExtras,
  ): object;
}
