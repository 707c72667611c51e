import { Readable } from 'node:stream';
import { ApiError, type RpcCode } from '@sparkler/api';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { allowSlowUpload } from '../http/connection-limits.ts';
import {
  type BlobChecksums,
  checksumHeader,
  checksumQuestion,
  createBlobChecksums,
} from './blob-checksums.ts';
import { BlobError, type BlobErrorCode, type BlobStore } from './blob-store.ts';
import { parseContentRange, parseRange } from './content-range.ts';
import { blobPath, isSigned, type SignedAccess } from './signed-urls.ts';
import { withStallLimit } from './stall-limit.ts';

export interface BlobRoutes {
  readonly blobs: BlobStore;
  readonly secret: Buffer;
  now(): number;
  /** Whether files may still be written under a key: not once their model or dataset is ready. */
  isOpen(key: string): Promise<boolean>;
}

/** How long a client may send nothing of a file. */
const STALL_MAX_MS = 60_000;

/**
 * The routes that signed URLs lead to, on our own API: PUT of a whole file or, with `Content-Range`, of a
 * part of one (308 and the range that was kept until it is whole, as Google's resumable uploads answer), and
 * GET with ranges. HEAD, and a PUT that completes a file, tell its CRC-32 to who asks for it as S3 is asked.
 */
export function mountBlobs(app: FastifyInstance, settings: BlobRoutes): void {
  const routes = { ...settings, checksums: createBlobChecksums(settings.blobs) };
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    // Bodies are streams of any size here; the signature says how much may come.
    scope.addContentTypeParser('*', { bodyLimit: Number.MAX_SAFE_INTEGER }, (_request, payload, done) =>
      done(null, payload),
    );
    scope.put(`${blobPath}*`, { bodyLimit: Number.MAX_SAFE_INTEGER }, (request, reply) =>
      put(request, reply, routes),
    );
    scope.head(`${blobPath}*`, (request, reply) => head(request, reply, routes));
    scope.get(`${blobPath}*`, (request, reply) => get(request, reply, routes));
  });
}

type Routes = BlobRoutes & { readonly checksums: BlobChecksums };

async function put(request: FastifyRequest, reply: FastifyReply, routes: Routes): Promise<FastifyReply> {
  const { key, sizeBytes } = readAccess(request, 'PUT', routes);
  if (sizeBytes === null) throw new ApiError('PERMISSION_DENIED', 'this URL is not for uploads');
  if (!(await routes.isOpen(key))) {
    throw new ApiError('FAILED_PRECONDITION', 'the upload is over: what was validated can not be changed');
  }
  checkLengthRange(request.headers['x-goog-content-length-range'], sizeBytes);
  allowSlowUpload(request.raw.socket);
  const content = withStallLimit((request.body as Readable | undefined) ?? Readable.from([]), STALL_MAX_MS);
  const header = request.headers['content-range'];
  try {
    if (header !== undefined)
      return await putPart(request, reply, routes, { key, content, sizeBytes, header });
    const length = request.headers['content-length'];
    if (length !== undefined && Number(length) !== sizeBytes) throw wrongLength(Number(length), sizeBytes);
    await routes.blobs.write(key, routes.checksums.watch(key, content, 0), sizeBytes);
    await tellChecksum(request, reply, routes, key);
    return await reply.send({});
  } catch (error) {
    // Whatever else the client sends of the file is not worth reading.
    reply.header('connection', 'close');
    throw explainBlobError(error);
  }
}

interface PartUpload {
  readonly key: string;
  readonly content: AsyncIterable<Uint8Array>;
  /** Of the whole file. */
  readonly sizeBytes: number;
  /** The `Content-Range`. */
  readonly header: string;
}

async function putPart(
  request: FastifyRequest,
  reply: FastifyReply,
  routes: Routes,
  { key, content, sizeBytes, header }: PartUpload,
): Promise<FastifyReply> {
  const { blobs, checksums } = routes;
  const range = parseContentRange(header);
  if (range === null || (range.totalBytes !== null && range.totalBytes !== sizeBytes)) {
    const forms = `bytes 0-524287/${sizeBytes}, or bytes */${sizeBytes} to ask what is there`;
    throw new ApiError('INVALID_ARGUMENT', `content-range must be such as ${forms}`);
  }
  const kept =
    range.kind === 'status'
      ? await blobs.keptBytes(key)
      : await blobs.append(key, checksums.watch(key, content, range.fromByte), {
          fromByte: range.fromByte,
          totalBytes: sizeBytes,
        });
  if (kept >= sizeBytes) {
    await tellChecksum(request, reply, routes, key);
    return reply.send({});
  }
  if (kept > 0) reply.header('range', `bytes=0-${kept - 1}`);
  return reply.status(308).send();
}

/** A blob may be large: its checksum is computed only for who asks. */
async function tellChecksum(
  request: FastifyRequest,
  reply: FastifyReply,
  { checksums }: Routes,
  key: string,
): Promise<void> {
  if (String(request.headers[checksumQuestion]).toUpperCase() !== 'ENABLED') return;
  const checksum = await checksums.read(key).catch((error) => {
    throw explainBlobError(error);
  });
  reply.header(checksumHeader, checksum);
}

async function head(request: FastifyRequest, reply: FastifyReply, routes: Routes): Promise<FastifyReply> {
  const { key } = readAccess(request, 'GET', routes);
  const facts = await routes.blobs.stat(key);
  if (facts === null) throw new ApiError('NOT_FOUND', 'the file is gone');
  await tellChecksum(request, reply, routes, key);
  return reply.headers({ 'accept-ranges': 'bytes', 'content-length': facts.sizeBytes }).send();
}

async function get(request: FastifyRequest, reply: FastifyReply, routes: BlobRoutes): Promise<FastifyReply> {
  const { key } = readAccess(request, 'GET', routes);
  const facts = await routes.blobs.stat(key);
  if (facts === null) throw new ApiError('NOT_FOUND', 'the file is gone');
  const range = parseRange(request.headers.range, facts.sizeBytes);
  if (range === 'bad') {
    return reply.status(416).header('content-range', `bytes */${facts.sizeBytes}`).send();
  }
  const content = await routes.blobs.read(key, range ?? undefined).catch((error) => {
    throw explainBlobError(error);
  });
  const filename = key.slice(key.lastIndexOf('/') + 1).replaceAll('"', '');
  reply
    .headers({ 'content-type': 'application/octet-stream', 'accept-ranges': 'bytes' })
    .header('content-disposition', `attachment; filename="${filename}"`);
  if (range === null) return reply.header('content-length', facts.sizeBytes).send(Readable.from(content));
  const { fromByte, toByte } = range;
  return reply
    .status(206)
    .header('content-length', toByte - fromByte + 1)
    .header('content-range', `bytes ${fromByte}-${toByte}/${facts.sizeBytes}`)
    .send(Readable.from(content));
}

function readAccess(
  request: FastifyRequest,
  method: SignedAccess['method'],
  routes: BlobRoutes,
): SignedAccess {
  const { size, expires, signature } = request.query as Readonly<Record<string, unknown>>;
  const access: SignedAccess = {
    method,
    key: (request.params as { '*': string })['*'],
    expireTimeMs: Number(expires) * 1000,
    sizeBytes: size === undefined ? null : Number(size),
  };
  if (typeof signature !== 'string' || !isSigned(routes.secret, access, signature)) {
    throw new ApiError('PERMISSION_DENIED', 'the signature of this URL is wrong; use the URL unchanged');
  }
  if (routes.now() >= access.expireTimeMs) {
    throw new ApiError('PERMISSION_DENIED', 'this URL has expired; ask for a new one');
  }
  return access;
}

/** The header that Google's storage wants with uploads: the client says once more how much it will send. */
function checkLengthRange(header: string | string[] | undefined, sizeBytes: number): void {
  if (header === undefined) return;
  const [, low, high] = /^(\d{1,15}),(\d{1,15})$/.exec(String(header).replaceAll(' ', '')) ?? [];
  if (low !== undefined && Number(low) <= sizeBytes && sizeBytes <= Number(high)) return;
  const message = `x-goog-content-length-range must allow the ${sizeBytes} bytes that were announced`;
  throw new ApiError('INVALID_ARGUMENT', message);
}

function wrongLength(length: number, sizeBytes: number): ApiError {
  return new ApiError(
    'INVALID_ARGUMENT',
    `content-length is ${length}, and ${sizeBytes} bytes were announced`,
  );
}

const codes: Readonly<Record<BlobErrorCode, RpcCode>> = {
  missing: 'NOT_FOUND',
  'bad-key': 'INVALID_ARGUMENT',
  'wrong-size': 'INVALID_ARGUMENT',
  gap: 'ABORTED',
  busy: 'ABORTED',
  'no-space': 'UNAVAILABLE',
};

/** Failures of the store as the API tells them; anything else as it is. */
export function explainBlobError(error: unknown): unknown {
  return error instanceof BlobError ? new ApiError(codes[error.code], error.message, [], error) : error;
}
