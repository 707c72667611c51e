/**
 * Where files of accounts lie: models, adapters, datasets. Keys are paths such as
 * `models/acme/m1/u1/config.json`.
 */
export interface BlobStore {
  /** For people: a folder or a bucket. */
  readonly description: string;
  /**
   * Writes a blob whole, in constant memory, replacing one of the same key. It appears complete or not at
   * all; a write that fails leaves nothing. `sizeBytes` null: as much as comes. Returns the bytes written.
   * Throws BlobError.
   */
  write(key: string, content: AsyncIterable<Uint8Array>, sizeBytes: number | null): Promise<number>;
  /**
   * Goes on with an upload that comes in parts: `content` begins at `fromByte`, which may be at most what was
   * kept. The blob appears when `totalBytes` are there. Returns the bytes kept so far, also when the content
   * broke off; what was kept may be less than what came. Throws BlobError.
   */
  append(key: string, content: AsyncIterable<Uint8Array>, range: AppendRange): Promise<number>;
  /** Bytes kept of an upload in parts; the size of the blob when it is complete; 0 when there is nothing. */
  keptBytes(key: string): Promise<number>;
  stat(key: string): Promise<BlobFacts | null>;
  /**
   * Content of a blob, or of a part of it (`toByte` is the last byte). Throws BlobError when there is none.
   * `pieceBytes`: pieces of this size save the caller copies; a store may give others.
   */
  read(key: string, range?: ByteRange, pieceBytes?: number): Promise<AsyncIterable<Uint8Array>>;
  /** All complete blobs below a prefix, in order of their keys. */
  list(prefix: string): Promise<BlobFacts[]>;
  /** Removes everything below a prefix, unfinished uploads too. Nothing there is fine. */
  removeAll(prefix: string): Promise<void>;
  /**
   * The folder that holds the blobs below a prefix as files, if the store is one; null for a store elsewhere.
   */
  localFolder(prefix: string): Promise<string | null>;
  /**
   * A folder on this machine that holds the blobs below a prefix as files, to be read only. A store elsewhere
   * copies them into `scratchFolder`, which the caller removes.
   */
  openFolder(prefix: string, scratchFolder: string, signal: AbortSignal): Promise<string>;
}

export interface AppendRange {
  readonly fromByte: number;
  readonly totalBytes: number;
}

export interface ByteRange {
  readonly fromByte: number;
  readonly toByte: number;
}

export interface BlobFacts {
  readonly key: string;
  readonly sizeBytes: number;
}

/** Why a blob could not be written or read. */
export type BlobErrorCode =
  /** There is no such blob. */
  | 'missing'
  /** The key can't be one. */
  | 'bad-key'
  /** More or fewer bytes came than were announced. */
  | 'wrong-size'
  /** A part does not begin where the one before it ended. */
  | 'gap'
  /** Someone else writes it right now. */
  | 'busy'
  | 'no-space';

/** The message says what to do. */
export class BlobError extends Error {
  override readonly name = 'BlobError';
  readonly code: BlobErrorCode;

  constructor(code: BlobErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._+=@ -]{1,200}$/;
const KEY_LENGTH_MAX = 900;

/**
 * Whether a text can be a key or a prefix: no way out of the store, nothing that a file system can't hold.
 */
export function isBlobKey(key: string): boolean {
  return key.length <= KEY_LENGTH_MAX && key.split('/').every((segment) => SEGMENT.test(segment));
}

export function checkBlobKey(key: string): void {
  if (isBlobKey(key)) return;
  const rule = 'letters, digits, space and . _ + = @ -, in folders separated by /';
  throw new BlobError('bad-key', `'${key.slice(0, 120)}' can't be the name of a file; use ${rule}`);
}

export function wrongSize(key: string, expected: number, came: string): BlobError {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return new BlobError('wrong-size', `${name} was announced with ${expected} bytes, and ${came} came`);
}
