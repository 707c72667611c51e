import type { Checksum } from '../checksum.ts';
import type { CatalogueFile } from '../entry.ts';
import type { ProgressListener } from '../progress.ts';

/** A file that a source says it has. */
export interface OfferedFile {
  /** Path below the model's folder; wildcards of the catalogue are resolved. */
  readonly path: string;
  readonly sizeBytes: number | null;
  /** What the source itself says of the content; null when it says nothing. */
  readonly checksum: Checksum | null;
  readonly content: OfferedContent;
}

export type OfferedContent =
  /** Used where it lies. */
  | { readonly kind: 'local'; readonly localPath: string }
  /** Read from a byte on. `fromByte` of the answer is 0 when the source can't resume. */
  | {
      readonly kind: 'stream';
      readonly stage: 'downloading' | 'extracting';
      open(fromByte: number, signal: AbortSignal): Promise<OpenedContent>;
    };

export interface OpenedContent {
  readonly fromByte: number;
  readonly totalBytes: number | null;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** What a source gets to work with. */
export interface SourceContext {
  /**
   * A folder for the source alone; emptied once the model is whole, kept until then so that work isn't lost.
   */
  readonly scratchFolder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress: ProgressListener;
  readonly signal: AbortSignal;
}

/** One way to get a model's files. Errors are SourceErrors that say what to do. */
export interface ModelSource {
  /** In words, for progress and errors. */
  readonly description: string;
  /** Finds the wanted files; rejects if one is missing (unless it is optional). */
  offer(files: readonly CatalogueFile[], context: SourceContext): Promise<OfferedFile[]>;
}
