import { ConnectionError, createApiError } from '../core/errors.ts';
import { RunningChecksum } from './running-checksum.ts';
import {
  ChecksumError,
  checksumHeader,
  checksumQuestion,
  explainBreak,
  repeatTransfer,
  type TransferOptions,
  type Transferred,
} from './transfer.ts';

/** A file to send. */
export interface UploadSource {
  /** As the server knows it: a path relative to the folder, with slashes. */
  readonly name: string;
  readonly sizeBytes: number;
  /**
   * The bytes from `fromByte` up to, not including, `toByte`; a piece is good until the next is asked for.
   */
  read(fromByte: number, toByte: number): AsyncIterable<Uint8Array>;
}

/** One PUT: the bytes of a source from an offset on, all of them or as many as fit. */
export interface PutRequest {
  readonly url: string;
  readonly source: UploadSource;
  readonly fromByte: number;
  /** `content-range` for bytes that end before `toByte`, and what every PUT has. */
  headers(toByte: number): Record<string, string>;
  readonly signal: AbortSignal | undefined;
  /** Called with the bytes in order, as they leave. */
  onChunk(fromByte: number, bytes: Uint8Array): void;
}

export interface PutReply {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** How bytes are sent; Node has a way that streams (`@sparkler/sdk/node`). */
export type PutBytes = (request: PutRequest) => Promise<PutReply>;

export interface UploadOptions extends TransferOptions {
  readonly put?: PutBytes | undefined;
}

/**
 * Sends a file to its signed URL (from `getUploadEndpoint`). Goes on from the byte that the server has, also
 * when another process began; compares checksums at the end. Throws ApiError, ConnectionError after several
 * tries without progress, ChecksumError when another file arrived twice.
 */
export async function uploadFile(
  url: string,
  source: UploadSource,
  options: UploadOptions = {},
): Promise<Transferred> {
  const first = await uploadOnce(url, source, options, false);
  if (first !== null) return first;
  const second = await uploadOnce(url, source, options, true);
  if (second !== null) return second;
  throw new ChecksumError(
    `${source.name} arrived with another checksum, twice: is something writing to the file?`,
  );
}

/** Null when the server has other bytes than the source. */
async function uploadOnce(
  url: string,
  source: UploadSource,
  options: UploadOptions,
  isFromStart: boolean,
): Promise<Transferred | null> {
  const { sizeBytes } = source;
  const checksum = new RunningChecksum();
  // What the server has is asked for, unless it is known to be wrong.
  let isAsked = !isFromStart && sizeBytes > 0;
  const told = await repeatTransfer(async (advance) => {
    let progress = isAsked ? await findOffset(url, source, options) : null;
    while (progress === null || progress.keptBytes < sizeBytes) {
      const before: number = progress?.keptBytes ?? 0;
      await catchUp(checksum, source, before);
      progress = await sendFrom(url, source, before, checksum, options);
      isAsked = sizeBytes > 0;
      if (progress.keptBytes > before) advance();
      else if (sizeBytes > 0) throw new ConnectionError(`the server kept nothing of ${source.name}`);
    }
    await catchUp(checksum, source, sizeBytes);
    return progress.told;
  }, options);
  if (told !== null && told !== checksum.text) return null;
  return { sizeBytes, checksum: checksum.text, isVerified: told !== null };
}

interface Progress {
  readonly keptBytes: number;
  /** The server's checksum, once the file is whole. */
  readonly told: string | null;
}

/** Counts bytes that are not sent, because the server has them. */
async function catchUp(checksum: RunningChecksum, source: UploadSource, toByte: number): Promise<void> {
  if (checksum.at >= toByte) return;
  for await (const bytes of source.read(checksum.at, toByte)) checksum.update(checksum.at, bytes);
}

/** Bytes that the server has already: asked for with an empty range, as resumable uploads do. */
async function findOffset(url: string, source: UploadSource, options: UploadOptions): Promise<Progress> {
  const send = options.fetch ?? globalThis.fetch;
  const headers = { 'content-range': `bytes */${source.sizeBytes}`, ...checksumQuestion };
  try {
    const response = await send(url, { method: 'PUT', headers, signal: options.signal ?? null });
    const text = await response.text();
    // Servers without resumable uploads refuse the question: then everything is sent.
    if ([400, 404, 405, 411].includes(response.status)) return { keptBytes: 0, told: null };
    return readReply({ status: response.status, headers: response.headers, text }, source);
  } catch (cause) {
    throw explainBreak(cause, `the upload of ${source.name}`, options.signal);
  }
}

async function sendFrom(
  url: string,
  source: UploadSource,
  fromByte: number,
  checksum: RunningChecksum,
  options: UploadOptions,
): Promise<Progress> {
  const { signal, onProgress, put = putPart(options.fetch) } = options;
  const headers = (toByte: number): Record<string, string> => ({
    'content-type': 'application/octet-stream',
    'x-goog-content-length-range': `${source.sizeBytes},${source.sizeBytes}`,
    ...checksumQuestion,
    ...(source.sizeBytes === 0
      ? {}
      : { 'content-range': `bytes ${fromByte}-${toByte - 1}/${source.sizeBytes}` }),
  });
  const onChunk = (at: number, bytes: Uint8Array): void => {
    checksum.update(at, bytes);
    onProgress?.(at + bytes.length, source.sizeBytes);
  };
  try {
    return readReply(await put({ url, source, fromByte, headers, signal, onChunk }), source);
  } catch (cause) {
    throw explainBreak(cause, `the upload of ${source.name}`, signal);
  }
}

function readReply({ status, headers, text }: PutReply, source: UploadSource): Progress {
  if (status >= 200 && status < 300)
    return { keptBytes: source.sizeBytes, told: headers.get(checksumHeader) };
  if (status !== 308) throw createApiError(status, text, headers);
  const match = /bytes=0-(\d+)/.exec(headers.get('range') ?? '');
  return { keptBytes: match === null ? 0 : Number(match[1]) + 1, told: null };
}

const partBytes = 8 * 1024 * 1024;

/** Works everywhere: a part at a time, held in memory. fetch hides how much of a body has left. */
function putPart(send: typeof fetch = globalThis.fetch): PutBytes {
  return async ({ url, source, fromByte, headers, signal, onChunk }) => {
    const toByte = Math.min(fromByte + partBytes, source.sizeBytes);
    const body = new Uint8Array(toByte - fromByte);
    let filled = 0;
    for await (const bytes of source.read(fromByte, toByte)) {
      body.set(bytes, filled);
      filled += bytes.length;
    }
    const response = await send(url, {
      method: 'PUT',
      headers: headers(toByte),
      body,
      signal: signal ?? null,
    });
    const text = await response.text();
    onChunk(fromByte, body);
    return { status: response.status, headers: response.headers, text };
  };
}

/** A source for what browsers have: a File, or any Blob. */
export function blobSource(blob: Blob, name: string): UploadSource {
  return {
    name,
    sizeBytes: blob.size,
    async *read(fromByte, toByte) {
      for (let at = fromByte; at < toByte; at += partBytes)
        yield new Uint8Array(await blob.slice(at, Math.min(at + partBytes, toByte)).arrayBuffer());
    },
  };
}
