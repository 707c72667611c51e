import { writeSync } from 'node:fs';
import type { RequestShape } from './crash-journal.ts';

/** What the process tells whoever started it: one JSON object a line on standard output. */
export type LifeEvent =
  | { readonly event: 'loading'; readonly fraction: number }
  | ({ readonly event: 'ready' } & ReadyFacts)
  | { readonly event: 'draining'; readonly graceMs: number }
  | { readonly event: 'fatal'; readonly message: string; readonly inFlight: readonly RequestShape[] }
  /** What was in flight when an earlier process with the same report file died without a word. */
  | { readonly event: 'crash-report'; readonly inFlight: readonly RequestShape[] };

export interface ReadyFacts {
  readonly name: string;
  readonly address: string;
  readonly architecture: string;
  readonly contextTokens: number;
  readonly cellsMax: number;
  readonly sequencesMax: number;
  readonly batchTokensMax: number;
  readonly vocabularySize: number;
  readonly embeddingSize: number;
  readonly pooling: string;
  readonly chatTemplate: 'given' | 'default';
  /** Why the model's chat template cannot render even one question; every chat is refused then. */
  readonly chatTemplateProblem: string | null;
  readonly toolFormat: string;
  /** Why weights are not laid out for the kernels that are fastest in batches, or null. */
  readonly repackProblem: string | null;
  readonly loadMs: number;
}

/** Written at once: the process may not live until the next tick. */
export function writeLifeEvent(event: LifeEvent): void {
  try {
    writeSync(1, `${JSON.stringify(event)}\n`);
  } catch (error) {
    // Whoever started the process has gone or reads slowly; serving does not depend on it.
    if (!['EPIPE', 'EAGAIN'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
}
