import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PutBytes, PutReply } from '../transfers/upload.ts';

/**
 * Sends all that is missing in one request, streamed, so that neither memory nor the disk waits for parts.
 */
export const streamPut: PutBytes = ({ url, source, fromByte, headers, signal, onChunk }) =>
  new Promise<PutReply>((resolve, reject) => {
    const send = url.startsWith('https:') ? requestHttps : requestHttp;
    const outgoing = send(url, {
      method: 'PUT',
      ...(signal === undefined ? {} : { signal }),
      headers: { ...headers(source.sizeBytes), 'content-length': source.sizeBytes - fromByte },
    });
    let isAnswered = false;
    outgoing.on('response', (response) => {
      isAnswered = true;
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('error', reject);
      response.once('end', () => {
        const fields = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(fields as [string, string][]),
          text,
        });
      });
    });
    outgoing.once('error', reject);
    const body = Readable.from(countBytes(), { objectMode: false, highWaterMark: 0 });
    async function* countBytes(): AsyncGenerator<Uint8Array> {
      let at = fromByte;
      for await (const bytes of source.read(fromByte, source.sizeBytes)) {
        yield bytes;
        onChunk(at, bytes);
        at += bytes.length;
      }
    }
    // A server that refuses answers first and closes then: its answer says more than the broken pipe.
    pipeline(body, outgoing).catch((error) => {
      if (!isAnswered) reject(error);
    });
  });
