import { type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** A request as Node itself sends it: unlike fetch it tells what has left, and copies nothing. */
export function openRequest(
  url: string,
  options: {
    readonly method: 'GET' | 'PUT';
    readonly headers: Readonly<Record<string, string>>;
    readonly signal: AbortSignal | undefined;
  },
): ClientRequest {
  const { method, headers, signal } = options;
  const send = url.startsWith('https:') ? requestHttps : requestHttp;
  return send(url, { method, headers, ...(signal === undefined ? {} : { signal }) });
}

export function readHeaders({ headers }: IncomingMessage): Headers {
  return new Headers(Object.entries(headers).map(([name, value]): [string, string] => [name, String(value)]));
}
