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
  /** Takes the bytes: whoever gives them does not look at them again. */
  write(bytes: Uint8Array): Promise<void>;
  /** Forgets the bytes there. */
  clear(): Promise<void>;
}

export interface GetReply {
  readonly status: number;
  readonly headers: Headers;
  readonly body: AsyncIterable<Uint8Array>;
}

/** How bytes are fetched; Node has a way in less memory (`@sparkler/sdk/node`). */
export type GetBytes = (
  url: string,
  request: { readonly headers: Record<string, string>; readonly signal: AbortSignal | undefined },
) => Promise<GetReply>;

export interface DownloadOptions extends TransferOptions {
  readonly get?: GetBytes | undefined;
}

/**
 * Fetches a signed URL (from `getDownloadEndpoint`) into a sink, going on where an earlier try ended, and
 * compares checksums at the end. Throws ApiError, ConnectionError after several tries without progress,
 * ChecksumError when something else arrived twice.
 */
export async function downloadFile(
  url: string,
  sink: DownloadSink,
  options: DownloadOptions = {},
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
  options: DownloadOptions,
): Promise<RunningChecksum> {
  let checksum = new RunningChecksum();
  await repeatTransfer(async (advance) => {
    if (checksum.at !== sink.keptBytes) {
      checksum = new RunningChecksum();
      for await (const bytes of sink.read()) checksum.update(checksum.at, bytes);
    }
    try {
      const reply = await openFrom(url, sink, options);
      if (sink.keptBytes === 0) checksum = new RunningChecksum();
      if (reply !== null) await receive(reply, sink, checksum, options, advance);
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
  { get, fetch: send = fetch, signal }: DownloadOptions,
): Promise<GetReply | null> {
  const from = sink.keptBytes;
  const headers: Record<string, string> = from > 0 ? { range: `bytes=${from}-` } : {};
  const reply = await (get ?? getThrough(send))(url, { headers, signal });
  if (reply.status === 206) return reply;
  if (reply.status >= 300) {
    const text = await readText(reply.body);
    if (reply.status !== 416) throw createApiError(reply.status, text, reply.headers);
    if (reply.headers.get('content-range') === `bytes */${from}`) return null;
    await sink.clear();
    throw new ConnectionError(`${sink.name} is another file than what was begun: starting again`);
  }
  // The server sends all of it.
  if (from > 0) await sink.clear();
  return reply;
}

function getThrough(send: typeof fetch): GetBytes {
  return async (url, { headers, signal }) => {
    const response = await send(url, { headers, signal: signal ?? null });
    const body = (async function* () {
      const reader = response.body?.getReader();
      for (let next = await reader?.read(); next?.done === false; next = await reader?.read())
        yield next.value;
    })();
    return { status: response.status, headers: response.headers, body };
  };
}

async function readText(body: AsyncIterable<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) text += decoder.decode(bytes, { stream: true });
  return text;
}

async function receive(
  { headers, body }: GetReply,
  sink: DownloadSink,
  checksum: RunningChecksum,
  { onProgress }: TransferOptions,
  advance: () => void,
): Promise<void> {
  const total = sink.keptBytes + Number(headers.get('content-length') ?? 0);
  for await (const bytes of body) {
    checksum.update(sink.keptBytes, bytes);
    await sink.write(bytes);
    advance();
    onProgress?.(sink.keptBytes, total);
  }
  if (total > sink.keptBytes) throw new ConnectionError(`${sink.keptBytes} of ${total} bytes came`);
}
