import type { IncomingHttpHeaders } from 'node:http';

/** The request headers that change an answer. */
export interface RequestHeaders {
  readonly isolationKey: string | null;
}

export function readRequestHeaders(headers: IncomingHttpHeaders): RequestHeaders {
  const key = headers['x-prompt-cache-isolation-key'];
  return { isolationKey: typeof key === 'string' ? key : null };
}
