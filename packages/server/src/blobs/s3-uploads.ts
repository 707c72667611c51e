import type { CompletedPart } from '@aws-sdk/client-s3';
import { type AppendRange, BlobError, wrongSize } from './blob-store.ts';
import { cutBlocks } from './cut-blocks.ts';
import type { S3Bucket } from './s3-bucket.ts';

/** Least size of a part that is not the last (S3's rule), and how many there may be. */
const PART_BYTES_MIN = 5 * 1024 * 1024;
const PARTS_MAX = 10_000;

/** An upload in parts that was begun and not completed. */
export interface OpenUpload {
  readonly uploadId: string;
  readonly parts: readonly CompletedPart[];
  readonly keptBytes: number;
}

/** Uploads an object whole; one that fails leaves nothing. Returns its bytes. */
export async function uploadWhole(
  bucket: S3Bucket,
  key: string,
  content: AsyncIterable<Uint8Array>,
  sizeBytes: number | null,
): Promise<number> {
  await abortUploads(bucket, key, true);
  const upload = await startUpload(bucket, key);
  try {
    const sent = await sendParts(bucket, key, upload, content, sizeBytes, true);
    if (sizeBytes !== null && sent.bytes !== sizeBytes) {
      throw wrongSize(key, sizeBytes, sent.bytes > sizeBytes ? 'more' : `only ${sent.bytes}`);
    }
    await completeUpload(bucket, key, upload.uploadId, sent.parts);
    return sent.bytes;
  } catch (error) {
    await abortUpload(bucket, key, upload.uploadId);
    throw error;
  }
}

/** Goes on with an upload. Kept are whole parts only: what does not fill one is sent again by the caller. */
export async function appendToUpload(
  bucket: S3Bucket,
  key: string,
  content: AsyncIterable<Uint8Array>,
  { fromByte, totalBytes }: AppendRange,
): Promise<number> {
  if (fromByte === 0) await abortUploads(bucket, key, true);
  const upload = (await findUpload(bucket, key)) ?? (await startUpload(bucket, key));
  const { keptBytes } = upload;
  if (fromByte !== keptBytes) {
    const message = `the upload has ${keptBytes} bytes so far: go on from there, not from ${fromByte}`;
    throw new BlobError('gap', message);
  }
  const left = totalBytes - keptBytes;
  const sent = await sendParts(bucket, key, upload, content, totalBytes, false);
  if (sent.bytes > left) throw wrongSize(key, totalBytes, 'more');
  const parts = [...upload.parts, ...sent.parts];
  if (sent.bytes === left) await completeUpload(bucket, key, upload.uploadId, parts);
  return keptBytes + sent.bytes;
}

/** The newest unfinished upload of a key. */
export async function findUpload(bucket: S3Bucket, key: string): Promise<OpenUpload | null> {
  const { sdk, client, name } = bucket;
  const newest = (await listUploads(bucket, key, true)).at(-1);
  if (newest === undefined) return null;
  const { uploadId } = newest;
  const parts: CompletedPart[] = [];
  let keptBytes = 0;
  const pages = sdk.paginateListParts({ client }, { Bucket: name, Key: key, UploadId: uploadId });
  for await (const page of pages) {
    for (const { PartNumber, ETag, Size = 0 } of page.Parts ?? []) {
      parts.push({ PartNumber, ETag });
      keptBytes += Size;
    }
  }
  return { uploadId, parts, keptBytes };
}

/** Forgets the unfinished uploads of a key, or of all that begin with it. */
export async function abortUploads(bucket: S3Bucket, prefix: string, isExact: boolean): Promise<void> {
  for (const { key, uploadId } of await listUploads(bucket, prefix, isExact)) {
    await abortUpload(bucket, key, uploadId);
  }
}

async function listUploads({ sdk, client, name }: S3Bucket, prefix: string, isExact: boolean) {
  const listed = await client.send(new sdk.ListMultipartUploadsCommand({ Bucket: name, Prefix: prefix }));
  return (listed.Uploads ?? [])
    .map(({ Key: key = '', UploadId: uploadId = '' }) => ({ key, uploadId }))
    .filter(({ key }) => !isExact || key === prefix);
}

async function startUpload({ sdk, client, name }: S3Bucket, key: string): Promise<OpenUpload> {
  const made = await client.send(new sdk.CreateMultipartUploadCommand({ Bucket: name, Key: key }));
  if (made.UploadId === undefined) throw new Error(`S3 gave no upload id for ${key}`);
  return { uploadId: made.UploadId, parts: [], keptBytes: 0 };
}

async function abortUpload({ sdk, client, name }: S3Bucket, key: string, uploadId: string): Promise<void> {
  const command = new sdk.AbortMultipartUploadCommand({ Bucket: name, Key: key, UploadId: uploadId });
  // Gone already is as good.
  await client.send(command).catch(() => undefined);
}

async function completeUpload(
  { sdk, client, name }: S3Bucket,
  key: string,
  uploadId: string,
  parts: readonly CompletedPart[],
): Promise<void> {
  const MultipartUpload = { Parts: [...parts] };
  const target = { Bucket: name, Key: key, UploadId: uploadId, MultipartUpload };
  await client.send(new sdk.CompleteMultipartUploadCommand(target));
}

/**
 * Sends content as further parts of an upload. A remainder too small for a part is sent only if it is the
 * last.
 */
async function sendParts(
  { sdk, client, name }: S3Bucket,
  key: string,
  upload: OpenUpload,
  content: AsyncIterable<Uint8Array>,
  totalBytes: number | null,
  isWhole: boolean,
): Promise<{ parts: CompletedPart[]; bytes: number }> {
  const parts: CompletedPart[] = [];
  let bytes = 0;
  const send = async (Body: Uint8Array) => {
    const PartNumber = upload.parts.length + parts.length + 1;
    const target = { Bucket: name, Key: key, UploadId: upload.uploadId, PartNumber, Body };
    const { ETag } = await client.send(new sdk.UploadPartCommand(target));
    parts.push({ PartNumber, ETag });
    bytes += Body.length;
  };
  for await (const block of cutBlocks(content, partSize(totalBytes), isWhole)) {
    const isLast = isWhole || upload.keptBytes + bytes + block.length === totalBytes;
    if (isLast || block.length >= PART_BYTES_MIN) await send(block);
  }
  // An object has at least one part, which may be empty.
  if (isWhole && parts.length === 0) await send(new Uint8Array(0));
  return { parts, bytes };
}

/** The smallest size with which all of it fits into the parts there may be. */
function partSize(sizeBytes: number | null): number {
  // Unknown sizes are those of form uploads, which are small.
  return Math.max(PART_BYTES_MIN, Math.ceil((sizeBytes ?? 0) / (PARTS_MAX - 1)));
}
