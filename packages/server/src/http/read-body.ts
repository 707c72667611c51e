import { isUtf8 } from 'node:buffer';
import type { IncomingHttpHeaders } from 'node:http';
import { InferenceError } from '@sparkler/api';
import type { FastifyInstance } from 'fastify';

/**
 * JSON bodies, parsed once and kept as bytes beside the parsed value so that the gateway can send them on
 * unchanged. Fastify's own parser is replaced because it keeps no bytes.
 */
export function readJsonBodies(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.decorateRequest('rawBody', null);
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const bytes = body as Buffer;
    try {
      checkHeaders(request.headers);
      request.rawBody = bytes;
      done(null, parseJson(bytes));
    } catch (error) {
      done(error as Error);
    }
  });
}

function checkHeaders(headers: IncomingHttpHeaders): void {
  const type = headers['content-type'];
  if (type !== undefined && !/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    const message = `the body has content-type "${type.slice(0, 100)}"; send JSON with "Content-Type: application/json"`;
    throw new InferenceError(400, message);
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') {
    const message = `the body has content-encoding "${encoding.slice(0, 100)}"; send it uncompressed`;
    throw new InferenceError(400, message);
  }
}

function parseJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return undefined;
  if (!isUtf8(bytes)) throw new InferenceError(400, 'the body is not valid UTF-8; encode the JSON as UTF-8');
  try {
    return JSON.parse(bytes.toString());
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unreadable';
    throw new InferenceError(400, `the body is not valid JSON: ${reason}`, { cause });
  }
}
