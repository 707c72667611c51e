import type { CompletedPart, S3Client } from '@aws-sdk/client-s3';
import { type AppendRange, BlobError, wrongSize } from './blob-store.ts';
import type { S3Sdk } from './s3-store.ts';

/** Least size of a part that is not the last (S3's rule), and how many there may be. */
const PART_BYTES_MIN = 5 * 1024 * 1024;
const PARTS_MAX = 10_000;

interface OpenUpload {
  readonly UploadId: string;
  readonly parts: readonly CompletedPart[];
  readonly keptBytes: number;
}

interface Target {
  readonly Key: string;
  readonly UploadId: string;
  /** Bytes of a part. */
  readonly size: number;
}

/** Multipart uploads of a bucket. What is kept of an upload in parts is whole parts only: the rest is sent again. */
export function createS3Uploads(sdk: S3Sdk, client: S3Client, Bucket: string) {
  async function start(Key: string, sizeBytes: number | null) {
    const made = await client.send(new sdk.CreateMultipartUploadCommand({ Bucket, Key }));
    if (made.UploadId === undefined) throw new Error(`S3 gave no upload id for ${Key}`);
    return { UploadId: made.UploadId, size: partSize(sizeBytes) };
  }

  async function abort(Key: string, UploadId: string): Promise<void> {
    await client.send(new sdk.AbortMultipartUploadCommand({ Bucket, Key, UploadId })).catch(() => undefined);
  }

  /** Unfinished uploads of a key, or below a prefix; the newest last. */
  async function listOpen(Prefix: string, isExact: boolean) {
    const listed = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket, Prefix }));
    return (listed.Uploads ?? [])
      .filter(({ Key }) => !isExact || Key === Prefix)
      .map(({ Key = '', UploadId = '' }) => ({ Key, UploadId }));
  }

  async function abortAll(Prefix: string, isExact: boolean): Promise<void> {
    for (const { Key, UploadId } of await listOpen(Prefix, isExact)) await abort(Key, UploadId);
  }

  async function findOpen(Key: string): Promise<OpenUpload | null> {
    const newest = (await listOpen(Key, true)).at(-1);
    if (newest === undefined) return null;
    const { UploadId } = newest;
    const parts: CompletedPart[] = [];
    let keptBytes = 0;
    for await (const page of sdk.paginateListParts({ client }, { Bucket, Key, UploadId })) {
      for (const { PartNumber, ETag, Size = 0 } of page.Parts ?? []) {
        parts.push({ PartNumber, ETag });
        keptBytes += Size;
      }
    }
    return { UploadId, parts, keptBytes };
  }

  /** Sends content as parts from a number on. A remainder too small for a part is sent only if it is the last. */
  async function sendParts(
    { Key, UploadId, size }: Target,
    content: AsyncIterable<Uint8Array>,
    firstNumber: number,
    sendsRest: boolean,
    isLastAt = Number.POSITIVE_INFINITY,
  ) {
    const parts: CompletedPart[] = [];
    let bytes = 0;
    const send = async (Body: Uint8Array) => {
      const PartNumber = firstNumber + parts.length;
      const sent = await client.send(new sdk.UploadPartCommand({ Bucket, Key, UploadId, PartNumber, Body }));
      parts.push({ PartNumber, ETag: sent.ETag });
      bytes += Body.length;
    };
    for await (const block of cutBlocks(content, size, sendsRest)) {
      const isRest = block.length < size;
      if (!isRest || sendsRest || bytes + block.length === isLastAt || block.length >= PART_BYTES_MIN)
        await send(block);
    }
    // An object has at least one part, which may be empty.
    if (sendsRest && parts.length === 0) await send(new Uint8Array(0));
    return { parts, bytes };
  }

  async function complete(Key: string, UploadId: string, Parts: readonly CompletedPart[]): Promise<void> {
    const MultipartUpload = { Parts: [...Parts] };
    await client.send(new sdk.CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
  }

  async function append(
    Key: string,
    content: AsyncIterable<Uint8Array>,
    { fromByte, totalBytes }: AppendRange,
  ) {
    if (fromByte === 0) await abortAll(Key, true);
    const open = (await findOpen(Key)) ?? { ...(await start(Key, totalBytes)), parts: [], keptBytes: 0 };
    const { UploadId, parts, keptBytes } = open;
    if (fromByte !== keptBytes) {
      throw new BlobError(
        'gap',
        `the upload has ${keptBytes} bytes so far: go on from there, not from ${fromByte}`,
      );
    }
    const target = { Key, UploadId, size: partSize(totalBytes) };
    const left = totalBytes - keptBytes;
    const sent = await sendParts(target, content, parts.length + 1, false, left);
    if (sent.bytes > left) throw wrongSize(Key, totalBytes, 'more');
    if (sent.bytes === left) await complete(Key, UploadId, [...parts, ...sent.parts]);
    return keptBytes + sent.bytes;
  }

  return { start, abort, abortAll, findOpen, sendParts, complete, append };
}

/** The smallest size with which all of it fits into the parts there may be. */
function partSize(sizeBytes: number | null): number {
  // Unknown sizes are those of form uploads, which are small.
  return Math.max(PART_BYTES_MIN, Math.ceil((sizeBytes ?? 0) / (PARTS_MAX - 1)));
}

/** The same bytes in blocks of one size, the last one smaller. Content that breaks off ends there unless it must not. */
async function* cutBlocks(
  content: AsyncIterable<Uint8Array>,
  size: number,
  mustBeWhole: boolean,
): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  const chunks = content[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((error) => {
      if (mustBeWhole) throw error;
      return null;
    });
    if (next === null || next.done) break;
    let chunk = next.value;
    while (length + chunk.length >= size) {
      const taken = size - length;
      yield Buffer.concat([...waiting, chunk.subarray(0, taken)]);
      chunk = chunk.subarray(taken);
      waiting = [];
      length = 0;
    }
    if (chunk.length > 0) waiting.push(chunk);
    length += chunk.length;
  }
  if (length > 0) yield Buffer.concat(waiting);
}
