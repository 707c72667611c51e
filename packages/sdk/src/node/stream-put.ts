import type { ClientRequest, IncomingMessage } from 'node:http';
import { ConnectionError } from '../core/errors.ts';
import type { PutBytes, PutReply } from '../transfers/upload.ts';
import { openRequest, readHeaders } from './open-request.ts';

/**
 * Sends all that is missing in one request, streamed, so that neither memory nor the disk waits for parts.
 */
export const streamPut: PutBytes = async ({ url, source, fromByte, headers, signal, onChunk }) => {
  const outgoing = openRequest(url, {
    method: 'PUT',
    signal,
    headers: { ...headers(source.sizeBytes), 'content-length': String(source.sizeBytes - fromByte) },
  });
  const reply = receiveReply(outgoing);
  try {
    let at = fromByte;
    for await (const bytes of source.read(fromByte, source.sizeBytes)) {
      // The source uses the memory again: the piece has left before the next is read.
      await writeOut(outgoing, bytes);
      onChunk(at, bytes);
      at += bytes.length;
    }
    if (at < source.sizeBytes) throw new ConnectionError(`${source.name} has become smaller`);
    outgoing.end();
  } catch (error) {
    // A server that refuses answers first and closes then: its answer says more than the broken pipe.
    const early = await Promise.race([reply.catch(() => null), new Promise<null>(setNull)]);
    outgoing.destroy();
    if (early === null) throw error;
    return early;
  }
  return reply;
};

const answerGraceMs = 200;
const setNull = (resolve: (value: null) => void): void => void setTimeout(() => resolve(null), answerGraceMs);

function writeOut(outgoing: ClientRequest, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    outgoing.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}

function receiveReply(outgoing: ClientRequest): Promise<PutReply> {
  const reply = new Promise<PutReply>((resolve, reject) => {
    outgoing.once('error', reject);
    outgoing.once('response', (response: IncomingMessage) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('error', reject);
      response.once('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: readHeaders(response), text });
      });
    });
  });
  // Looked at only once everything is sent.
  reply.catch(() => undefined);
  return reply;
}
