import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface State {
  readonly objects: Map<string, Buffer>;
  /** Uploads that were begun and neither completed nor aborted. */
  readonly uploads: Map<string, { key: string; parts: Map<number, Buffer> }>;
}

/** A server that speaks as much of S3 as the blob store uses, over memory, for tests. */
export interface S3Double extends State {
  readonly endpoint: string;
  close(): Promise<void>;
}

export async function startS3Double(): Promise<S3Double> {
  const state: State = { objects: new Map(), uploads: new Map() };
  const server = createServer((incoming, outgoing) => void answer(state, incoming, outgoing));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    ...state,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function answer(state: State, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const url = new URL(incoming.url ?? '/', 'http://s3');
  // Path style: /bucket/key
  const key = decodeURIComponent(url.pathname.split('/').slice(2).join('/'));
  const reply = makeReply(outgoing);
  const body = await readBody(incoming);
  const query = url.searchParams;
  const uploadId = query.get('uploadId') ?? '';
  if (incoming.method === 'POST') {
    return query.has('uploads') ? beginUpload(state, key, reply) : completeUpload(state, uploadId, reply);
  }
  if (incoming.method === 'PUT') {
    state.uploads.get(uploadId)?.parts.set(Number(query.get('partNumber')), body);
    return reply.send(200, { etag: etagOf(body) });
  }
  if (incoming.method === 'DELETE') {
    if (uploadId === '') state.objects.delete(key);
    else state.uploads.delete(uploadId);
    return reply.send(204, {});
  }
  const prefix = query.get('prefix') ?? '';
  if (query.has('uploads')) return reply.xml(listUploads(state, prefix));
  if (uploadId !== '') return reply.xml(listParts(state, uploadId));
  if (query.get('list-type') === '2') return reply.xml(listObjects(state, prefix));
  return sendObject(state, incoming, key, reply);
}

type Reply = ReturnType<typeof makeReply>;

let begun = 0;

function beginUpload({ uploads }: State, key: string, reply: Reply): void {
  begun += 1;
  uploads.set(`u${begun}`, { key, parts: new Map() });
  const id = `<UploadId>u${begun}</UploadId>`;
  reply.xml(`<InitiateMultipartUploadResult>${id}</InitiateMultipartUploadResult>`);
}

function completeUpload({ uploads, objects }: State, uploadId: string, reply: Reply) {
  const upload = uploads.get(uploadId);
  if (!upload) return reply.error(404, 'NoSuchUpload');
  const parts = [...upload.parts].sort(([left], [right]) => left - right).map(([, part]) => part);
  if (parts.slice(0, -1).some((part) => part.length < 5 * 1024 * 1024))
    return reply.error(400, 'EntityTooSmall');
  objects.set(upload.key, Buffer.concat(parts));
  uploads.delete(uploadId);
  return reply.xml('<CompleteMultipartUploadResult><ETag>"x"</ETag></CompleteMultipartUploadResult>');
}

function listUploads({ uploads }: State, prefix: string): string {
  const entries = [...uploads].filter(([, { key }]) => key.startsWith(prefix));
  const listed = entries.map(
    ([id, { key }]) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`,
  );
  return `<ListMultipartUploadsResult>${listed.join('')}</ListMultipartUploadsResult>`;
}

function listParts({ uploads }: State, uploadId: string): string {
  const parts = [...(uploads.get(uploadId)?.parts ?? [])].map(([number, part]) => {
    const facts = `<ETag>${etagOf(part)}</ETag><Size>${part.length}</Size>`;
    return `<Part><PartNumber>${number}</PartNumber>${facts}</Part>`;
  });
  return `<ListPartsResult><IsTruncated>false</IsTruncated>${parts.join('')}</ListPartsResult>`;
}

function listObjects({ objects }: State, prefix: string): string {
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix)).sort();
  const listed = keys.map(
    (key) => `<Contents><Key>${key}</Key><Size>${objects.get(key)?.length}</Size></Contents>`,
  );
  return `<ListBucketResult><IsTruncated>false</IsTruncated>${listed.join('')}</ListBucketResult>`;
}

function sendObject({ objects }: State, incoming: IncomingMessage, key: string, reply: Reply) {
  const object = objects.get(key);
  if (!object) return reply.error(404, 'NoSuchKey');
  const [, from, to] = /^bytes=(\d+)-(\d+)?$/.exec(incoming.headers.range ?? '') ?? [];
  const part =
    from === undefined
      ? object
      : object.subarray(Number(from), to === undefined ? undefined : Number(to) + 1);
  return reply.send(from === undefined ? 200 : 206, { 'content-length': String(part.length) }, part);
}

function makeReply(outgoing: ServerResponse) {
  const send = (status: number, headers: Record<string, string>, body: Buffer | string = '') => {
    outgoing.writeHead(status, headers);
    outgoing.end(outgoing.req.method === 'HEAD' ? undefined : body);
  };
  const type = { 'content-type': 'application/xml' };
  return {
    send,
    xml: (text: string) => send(200, type, `<?xml version="1.0"?>${text}`),
    error: (status: number, code: string) => send(status, type, `<Error><Code>${code}</Code></Error>`),
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
