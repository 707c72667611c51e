import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, fetch, type Response } from 'undici';
import type { BlobStore } from '../blobs/blob-store.ts';
import { checkAddress, type ExternalSource, ExternalUrlError } from './external-source.ts';
import { ClosedAddressError, lookUpPublic } from './public-addresses.ts';

/** Three million examples of a few kilobytes each. */
const BYTES_MAX = 20e9;
const REDIRECTS_MAX = 5;
/** Connections without a whole file, after which it is given up. */
const ATTEMPTS_MAX = 3;
const FIRST_DELAY_MS = 500;

const timeouts = { headersTimeout: 30_000, bodyTimeout: 60_000 };
/** No proxy: it would look names up itself, and may reach what nobody outside should. */
const publicOnly = new Agent({ ...timeouts, connect: { timeout: 10_000, lookup: lookUpPublic } });
const anywhere = new Agent({ ...timeouts, connect: { timeout: 10_000 } });

/**
 * Copies a file from elsewhere into the blob store, in constant memory. Returns its bytes. Throws
 * ExternalUrlError for what trying again will not mend, another error when it was tried in vain, and the
 * reason of the signal.
 */
export async function fetchExternal(
  source: ExternalSource,
  blobs: BlobStore,
  key: string,
  signal: AbortSignal,
): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await copyOnce(source, blobs, key, signal);
    } catch (error) {
      signal.throwIfAborted();
      const problem = explainFailure(source, error as Error);
      if (problem instanceof ExternalUrlError || attempt >= ATTEMPTS_MAX) throw problem;
      await sleep(FIRST_DELAY_MS * 2 ** attempt, undefined, { signal });
    }
  }
}

async function copyOnce(
  source: ExternalSource,
  blobs: BlobStore,
  key: string,
  signal: AbortSignal,
): Promise<number> {
  const response = await follow(source, signal);
  if (!response.ok) {
    await response.body?.cancel();
    const text = `${source.origin}: ${response.status} ${response.statusText}`.trim();
    if (response.status >= 500 || response.status === 429) throw new Error(text);
    throw new ExternalUrlError(`${text}; the file must be readable by everybody`);
  }
  if (response.body === null) throw new ExternalUrlError(`${source.origin} has no content`);
  return blobs.write(key, limitBytes(response.body as AsyncIterable<Uint8Array>, source.origin), null);
}

/** Redirects are followed by hand: each leads somewhere that has to be looked at anew. */
async function follow(
  { url: first, origin, allowPrivate }: ExternalSource,
  signal: AbortSignal,
): Promise<Response> {
  const dispatcher = allowPrivate ? anywhere : publicOnly;
  let url = first;
  for (let count = 0; count <= REDIRECTS_MAX; count += 1) {
    const response = await fetch(url.href, { signal, dispatcher, redirect: 'manual' });
    const location = response.headers.get('location');
    if (response.status < 300 || response.status >= 400 || location === null) return response;
    await response.body?.cancel();
    const next = URL.parse(location, url.href);
    if (next === null || !['https:', 'http:'].includes(next.protocol)) {
      throw new ExternalUrlError(`${origin} leads to an address that can not be fetched`);
    }
    checkAddress(next, allowPrivate);
    url = next;
  }
  throw new ExternalUrlError(`${origin} leads on more than ${REDIRECTS_MAX} times`);
}

async function* limitBytes(content: AsyncIterable<Uint8Array>, origin: string): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of content) {
    bytes += chunk.length;
    if (bytes > BYTES_MAX)
      throw new ExternalUrlError(`${origin} has more than ${BYTES_MAX / 1e9} GB; split it`);
    yield chunk;
  }
}

/** In words for people: no address that a name led to, nothing of an answer. */
function explainFailure({ origin }: ExternalSource, error: Error): Error {
  const cause = error.cause as (Error & { code?: string }) | undefined;
  for (const found of [error, cause]) {
    if (found instanceof ExternalUrlError) return found;
    if (found instanceof ClosedAddressError) return new ExternalUrlError(found.message);
  }
  if (error.name === 'BlobError' || !(error instanceof TypeError)) return error;
  return new Error(`${origin} cannot be read: ${cause?.code ?? cause?.message ?? error.message}`);
}
