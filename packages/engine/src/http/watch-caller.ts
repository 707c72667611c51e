import type { ServerResponse } from 'node:http';

/** Aborted when the caller goes away; work for an answer that nobody reads can end then. */
export function watchCaller(raw: ServerResponse): AbortSignal {
  const gone = new AbortController();
  raw.on('close', () => gone.abort());
  // It may have gone while its texts were read.
  if (raw.destroyed) gone.abort();
  return gone.signal;
}
