import type { IncomingMessage } from 'node:http';
import type { GetBytes } from '../transfers/download.ts';
import { openRequest, readHeaders } from './open-request.ts';

/** A GET whose body comes piece by piece, each in memory of its own that the reader may give back. */
export const streamGet: GetBytes = (url, { headers, signal }) =>
  new Promise((resolve, reject) => {
    const outgoing = openRequest(url, { method: 'GET', headers, signal });
    outgoing.once('error', reject);
    outgoing.once('response', (body: IncomingMessage) => {
      resolve({ status: body.statusCode ?? 0, headers: readHeaders(body), body });
    });
    outgoing.end();
  });
