import type { IncomingHttpHeaders } from 'node:http';
import { InferenceError } from '@sparkler/api';

/**
 * Throws (403) unless a request that a browser sends by itself with a cookie comes from a page of `origin`.
 * SameSite alone lets pages through that other programs serve on the same machine.
 */
export function checkOrigin(headers: IncomingHttpHeaders, origin: string): void {
  const site = headers['sec-fetch-site'];
  // Browsers send it with every request and let no script change it; older ones send Origin with writes.
  const isOwn = site === undefined ? headers.origin === origin : site === 'same-origin';
  if (isOwn) return;
  const from = headers.origin ?? (site === undefined ? 'a client that does not say' : 'another site');
  throw new InferenceError(
    403,
    `this was sent from ${String(from).slice(0, 200)}: with a session's cookie only pages of ${origin} change things; ` +
      'other clients send an API key',
  );
}

/** Whether a method leaves everything as it is. */
export function isSafeMethod(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS';
}
