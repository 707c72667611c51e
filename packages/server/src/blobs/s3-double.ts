import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server that speaks as much of S3 as the blob store uses, over memory, for tests. */
export interface S3Double {
  readonly endpoint: string;
  readonly objects: Map<string, Buffer>;
  /** Uploads that were begun and neither completed nor aborted. */
  readonly uploads: Map<string, { key: string; parts: Map<number, Buffer> }>;
  close(): Promise<void>;
}

export async function startS3Double(): Promise<S3Double> {
  const objects: S3Double['objects'] = new Map();
  const uploads: S3Double['uploads'] = new Map();
  let made = 0;
  const server = createServer(async (incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', 'http://s3');
    // Path style: /bucket/key
    const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
    const reply = answer(outgoing);
    const body = await readBody(incoming);
    const query = url.searchParams;
    const uploadId = query.get('uploadId') ?? '';
    if (incoming.method === 'POST' && query.has('uploads')) {
      made += 1;
      uploads.set(`u${made}`, { key, parts: new Map() });
      return reply.xml(
        `<InitiateMultipartUploadResult><UploadId>u${made}</UploadId></InitiateMultipartUploadResult>`,
      );
    }
    if (incoming.method === 'POST') return completeUpload(uploadId, reply);
    if (incoming.method === 'PUT') {
      const number = Number(query.get('partNumber'));
      uploads.get(uploadId)?.parts.set(number, body);
      return reply.send(200, { etag: etagOf(body) });
    }
    if (incoming.method === 'DELETE') {
      if (uploadId === '') objects.delete(key);
      else uploads.delete(uploadId);
      return reply.send(204, {});
    }
    if (query.has('uploads')) return reply.xml(listUploads(query.get('prefix') ?? ''));
    if (uploadId !== '') return reply.xml(listParts(uploadId));
    if (query.get('list-type') === '2') return reply.xml(listObjects(query.get('prefix') ?? ''));
    return sendObject(incoming, key, reply);
  });

  function completeUpload(uploadId: string, reply: Answer) {
    const upload = uploads.get(uploadId);
    if (!upload) return reply.error(404, 'NoSuchUpload');
    const parts = [...upload.parts].sort(([left], [right]) => left - right).map(([, part]) => part);
    if (parts.slice(0, -1).some((part) => part.length < 5 * 1024 * 1024))
      return reply.error(400, 'EntityTooSmall');
    objects.set(upload.key, Buffer.concat(parts));
    uploads.delete(uploadId);
    return reply.xml('<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>');
  }

  function listUploads(prefix: string): string {
    const entries = [...uploads].filter(([, { key }]) => key.startsWith(prefix));
    const listed = entries.map(
      ([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`,
    );
    return `<ListMultipartUploadsResult>${listed.join('')}</ListMultipartUploadsResult>`;
  }

  function listParts(uploadId: string): string {
    const parts = [...(uploads.get(uploadId)?.parts ?? [])].map(
      ([number, part]) =>
        `<Part><PartNumber>${number}</PartNumber><ETag>${etagOf(part)}</ETag><Size>${part.length}</Size></Part>`,
    );
    return `<ListPartsResult><IsTruncated>false</IsTruncated>${parts.join('')}</ListPartsResult>`;
  }

  function listObjects(prefix: string): string {
    const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
    const listed = keys.map(
      (key) => `<Contents><Key>${key}</Key><Size>${objects.get(key)?.length}</Size></Contents>`,
    );
    return `<ListBucketResult><IsTruncated>false</IsTruncated>${listed.join('')}</ListBucketResult>`;
  }

  function sendObject(incoming: IncomingMessage, key: string, reply: Answer) {
    const object = objects.get(key);
    if (!object) return reply.error(404, 'NoSuchKey');
    const [, from, to] = /^bytes=(\d+)-(\d+)?$/.exec(incoming.headers.range ?? '') ?? [];
    const part =
      from === undefined
        ? object
        : object.subarray(Number(from), to === undefined ? undefined : Number(to) + 1);
    return reply.send(from === undefined ? 200 : 206, { 'content-length': String(part.length) }, part);
  }

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    uploads,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

type Answer = ReturnType<typeof answer>;

function answer(outgoing: ServerResponse) {
  const send = (status: number, headers: Record<string, string>, body: Buffer | string = '') => {
    outgoing.writeHead(status, headers);
    outgoing.end(outgoing.req.method === 'HEAD' ? undefined : body);
  };
  return {
    send,
    xml: (text: string) => send(200, { 'content-type': 'application/xml' }, `<?xml version="1.0"?>${text}`),
    error: (status: number, code: string) =>
      send(status, { 'content-type': 'application/xml' }, `<Error><Code>${code}</Code></Error>`),
  };
}

function etagOf(body: Buffer): string {
  return `"${createHash('md5').update(body).digest('hex')}"`;
}

/** The body of a request; the SDK may send it in signed chunks, whose frames are taken off. */
async function readBody(incoming: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of incoming) pieces.push(piece as Buffer);
  const body = Buffer.concat(pieces);
  if (!/aws-chunked/.test(incoming.headers['content-encoding'] ?? '')) return body;
  const chunks: Buffer[] = [];
  for (let at = 0; at < body.length; ) {
    const end = body.indexOf('\r\n', at);
    const size = Number.parseInt(body.subarray(at, end).toString(), 16);
    if (!(size > 0)) break;
    chunks.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
  return Buffer.concat(chunks);
}
