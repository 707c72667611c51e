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

/** Where a download goes; what is there from before is gone on with. */
export interface DownloadSink {
  /** For errors. */
  readonly name: string;
  /** Bytes there now. */
  readonly keptBytes: number;
  /** The bytes there, for their checksum. */
  read(): AsyncIterable<Uint8Array>;
  write(bytes: Uint8Array): Promise<void>;
  /** Forgets the bytes there. */
  clear(): Promise<void>;
}

/**
 * Fetches a signed URL (from `getDownloadEndpoint`) into a sink, going on where an earlier try ended, and
 * compares checksums at the end. Throws ApiError, ConnectionError after several tries without progress,
 * ChecksumError when something else arrived twice.
 */
export async function downloadFile(
  url: string,
  sink: DownloadSink,
  options: TransferOptions = {},
): Promise<Transferred> {
  for (let isSecond = false; ; isSecond = true) {
    const told = askChecksum(url, options);
    const checksum = await fetchRest(url, sink, options);
    const wanted = (await told) ?? (await askChecksum(url, options));
    const isSame = wanted === null || wanted === checksum.text;
    if (isSame) return { sizeBytes: checksum.at, checksum: checksum.text, isVerified: wanted !== null };
    await sink.clear();
    if (isSecond) throw new ChecksumError(`${sink.name} arrived with another checksum, twice: try again`);
  }
}

/** Null when the server has none, or could not tell it. */
async function askChecksum(url: string, { fetch: send = fetch, signal }: TransferOptions) {
  try {
    const response = await send(url, { method: 'HEAD', headers: checksumQuestion, signal: signal ?? null });
    return response.ok ? response.headers.get(checksumHeader) : null;
  } catch {
    return null;
  }
}

async function fetchRest(
  url: string,
  sink: DownloadSink,
  options: TransferOptions,
): Promise<RunningChecksum> {
  let checksum = new RunningChecksum();
  await repeatTransfer(async (advance) => {
    if (checksum.at !== sink.keptBytes) {
      checksum = new RunningChecksum();
      for await (const bytes of sink.read()) checksum.update(checksum.at, bytes);
    }
    try {
      const response = await openFrom(url, sink, options);
      if (sink.keptBytes === 0) checksum = new RunningChecksum();
      if (response !== null) await receive(response, sink, checksum, options, advance);
    } catch (cause) {
      throw explainBreak(cause, `the download of ${sink.name}`, options.signal);
    }
  }, options);
  return checksum;
}

/** The answer with the bytes that are missing; null when none are. */
async function openFrom(
  url: string,
  sink: DownloadSink,
  { fetch: send = fetch, signal }: TransferOptions,
): Promise<Response | null> {
  const from = sink.keptBytes;
  const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
  const response = await send(url, { headers, signal: signal ?? null });
  if (response.status === 206) return response;
  if (response.status === 416) {
    await response.body?.cancel();
    if (response.headers.get('content-range') === `bytes */${from}`) return null;
    await sink.clear();
    throw new ConnectionError(`${sink.name} is another file than what was begun: starting again`);
  }
  if (!response.ok) throw createApiError(response.status, await response.text(), response.headers);
  // The server sends all of it.
  if (from > 0) await sink.clear();
  return response;
}

async function receive(
  response: Response,
  sink: DownloadSink,
  checksum: RunningChecksum,
  { onProgress }: TransferOptions,
  advance: () => void,
): Promise<void> {
  const total = sink.keptBytes + Number(response.headers.get('content-length') ?? 0);
  const reader = response.body?.getReader();
  for (;;) {
    const next = await reader?.read();
    if (next === undefined || next.done) break;
    checksum.update(sink.keptBytes, next.value);
    await sink.write(next.value);
    advance();
    onProgress?.(sink.keptBytes, total);
  }
  if (total > sink.keptBytes) throw new ConnectionError(`${sink.keptBytes} of ${total} bytes came`);
}
