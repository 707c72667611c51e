import { createReadStream } from 'node:fs';
import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pipeline } from 'node:stream/promises';
import { ApiError, ConnectionError } from '@sparkler/sdk';
import { startProgressBar } from '../output/progress-bar.ts';
import type { Session } from '../session.ts';

export interface FileToUpload {
  /** As the server knows it: a path relative to the folder, with slashes. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
}

const triesMax = 5;

/**
 * Sends files to their signed URLs, one after the other, streamed from disk. A broken upload goes on from the
 * byte the server has. Throws when a file cannot be sent.
 */
export async function uploadFiles(
  session: Session,
  files: readonly FileToUpload[],
  urls: Readonly<Record<string, string>>,
): Promise<void> {
  for (const file of files) {
    const url = urls[file.name];
    if (url === undefined) throw new Error(`the server gave no place for ${file.name}`);
    const bar = startProgressBar(session.streams, {
      label: file.name,
      total: file.sizeBytes,
      isQuiet: session.flags.quiet,
    });
    try {
      await uploadFile(file, url, session.signal, (bytes) => bar.update(bytes));
    } finally {
      bar.end();
    }
  }
}

async function uploadFile(
  file: FileToUpload,
  url: string,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      const from = await findOffset(file, url, signal);
      if (from === file.sizeBytes && file.sizeBytes > 0) return;
      return await sendFrom(file, url, from, signal, onProgress);
    } catch (error) {
      const isFinal = error instanceof ApiError && (error.status ?? 0) < 500;
      if (isFinal || signal.aborted || attempt >= triesMax) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250 * 2 ** attempt));
    }
  }
}

/** Bytes that the server has already: asked for with an empty range, as resumable uploads do. */
async function findOffset(file: FileToUpload, url: string, signal: AbortSignal): Promise<number> {
  if (file.sizeBytes === 0) return 0;
  const response = await fetch(url, {
    method: 'PUT',
    headers: { 'content-range': `bytes */${file.sizeBytes}`, 'content-length': '0' },
    signal,
  });
  await response.arrayBuffer();
  if (response.ok) return file.sizeBytes;
  // Servers without resumable uploads refuse the question: then everything is sent.
  if (response.status !== 308) return 0;
  const match = /bytes=0-(\d+)/.exec(response.headers.get('range') ?? '');
  return match === null ? 0 : Number(match[1]) + 1;
}

/** node:http, not fetch: fetch hides how much of a body has left. */
function sendFrom(
  file: FileToUpload,
  url: string,
  from: number,
  signal: AbortSignal,
  onProgress: (bytes: number) => void,
): Promise<void> {
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  const range =
    from === 0 ? {} : { 'content-range': `bytes ${from}-${file.sizeBytes - 1}/${file.sizeBytes}` };
  return new Promise((resolve, reject) => {
    const outgoing = send(url, {
      method: 'PUT',
      signal,
      headers: {
        'content-type': 'application/octet-stream',
        'content-length': file.sizeBytes - from,
        'x-goog-content-length-range': `${file.sizeBytes},${file.sizeBytes}`,
        ...range,
      },
    });
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.on('end', () => {
        const status = response.statusCode ?? 0;
        if (status < 300) resolve();
        else
          reject(
            new ConnectionError(`the upload of ${file.name} was refused (${status}): ${text.slice(0, 300)}`),
          );
      });
    });
    outgoing.on('error', (cause) =>
      reject(new ConnectionError(`the upload of ${file.name} broke off`, { cause })),
    );
    let sent = from;
    const source = createReadStream(file.path, { start: from, highWaterMark: 1024 * 1024 });
    source.on('data', (chunk) => {
      sent += chunk.length;
      onProgress(sent);
    });
    pipeline(source, outgoing).catch(reject);
  });
}
