import { EnvHttpProxyAgent, fetch, type Response } from 'undici';
import { ConnectionError, SourceError } from '../model-unavailable-error.ts';
import type { OpenedContent } from './source.ts';

/**
 * Honours HTTPS_PROXY and NO_PROXY. Silence for this long on a connection ends it; the download then resumes.
 */
const dispatcher = new EnvHttpProxyAgent({
  connect: { timeout: 10_000 },
  headersTimeout: 30_000,
  bodyTimeout: 60_000,
});

/**
 * A request whose failures are SourceErrors in plain words. `adviceOn401` says how to get the right to the
 * file.
 */
export async function fetchFrom(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  adviceOn401 = 'the address needs a login',
): Promise<Response> {
  const response = await fetch(url, { headers, signal, dispatcher }).catch((error: Error) => {
    signal.throwIfAborted();
    throw new ConnectionError(`${new URL(url).host} cannot be reached: ${explainCause(error)}`);
  });
  if (response.ok || response.status === 416) return response;
  await response.body?.cancel();
  if (response.status === 401 || response.status === 403)
    throw new SourceError(`${response.status}: ${adviceOn401}`);
  const message = `${new URL(url).host} answered ${response.status} ${response.statusText} for ${url}`;
  throw response.status >= 500 ? new ConnectionError(message) : new SourceError(message);
}

function explainCause(error: Error): string {
  const cause = error.cause as (Error & { code?: string }) | undefined;
  const explanation = {
    ENOTFOUND: 'its name is not known here (no network, or a proxy is needed: HTTPS_PROXY)',
    EAI_AGAIN: 'its name cannot be looked up (no network, or a proxy is needed: HTTPS_PROXY)',
    ECONNREFUSED: 'the connection was refused',
    UND_ERR_CONNECT_TIMEOUT: 'no answer within 10 s (no network, or a proxy is needed: HTTPS_PROXY)',
  }[cause?.code ?? ''];
  return explanation ?? cause?.message ?? error.message;
}

/** The content from a byte on; from 0 when the server doesn't do ranges or has less than that. */
export async function openHttpContent(
  url: string,
  headers: Record<string, string>,
  fromByte: number,
  signal: AbortSignal,
  adviceOn401?: string,
): Promise<OpenedContent> {
  const ask = (from: number) =>
    fetchFrom(
      url,
      // Compression would make lengths and ranges those of another content.
      { ...headers, 'accept-encoding': 'identity', ...(from > 0 ? { range: `bytes=${from}-` } : {}) },
      signal,
      adviceOn401,
    );
  let response = await ask(fromByte);
  if (response.status === 416) {
    await response.body?.cancel();
    response = await ask(0);
  }
  if (response.body === null) throw new SourceError(`${url} has no content`);
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  const length = response.headers.get('content-length');
  const start = response.status === 206 && range ? Number(range[1]) : 0;
  return {
    fromByte: start,
    totalBytes: length === null ? null : start + Number(length),
    chunks: response.body as AsyncIterable<Uint8Array>,
  };
}
