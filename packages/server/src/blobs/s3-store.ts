import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { BlobError, type BlobFacts, type BlobStore, checkBlobKey, wrongSize } from './blob-store.ts';
import { createS3Uploads } from './s3-uploads.ts';

export interface S3StoreSettings {
  readonly bucket: string;
  /** Begins all keys in the bucket; may be empty. */
  readonly prefix: string;
  readonly region?: string | undefined;
  /** Of a server other than Amazon's. */
  readonly endpoint?: string | undefined;
  /** Default: what the SDK finds (environment, profile, instance role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

export type S3Sdk = typeof import('@aws-sdk/client-s3');

/** Blobs as objects of a bucket. Large ones go up as multipart uploads, which S3 makes visible whole or not at all. */
export async function openS3Store(settings: S3StoreSettings): Promise<BlobStore> {
  // Loaded only here: 80 ms and 20 MB that a server without S3 never pays.
  const sdk = await import('@aws-sdk/client-s3');
  const client = createS3Client(sdk, settings);
  const { bucket: Bucket, prefix } = settings;
  const objectKey = (key: string) => {
    checkBlobKey(key);
    return prefix === '' ? key : `${prefix}/${key}`;
  };
  const uploads = createS3Uploads(sdk, client, Bucket);

  async function stat(key: string): Promise<BlobFacts | null> {
    try {
      const head = await client.send(new sdk.HeadObjectCommand({ Bucket, Key: objectKey(key) }));
      return { key, sizeBytes: head.ContentLength ?? 0 };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async function read(key: string, range?: { fromByte: number; toByte: number }) {
    const Range = range === undefined ? {} : { Range: `bytes=${range.fromByte}-${range.toByte}` };
    try {
      const object = await client.send(new sdk.GetObjectCommand({ Bucket, Key: objectKey(key), ...Range }));
      return object.Body as AsyncIterable<Uint8Array>;
    } catch (error) {
      if (isMissing(error)) throw new BlobError('missing', `there is no ${key}`, error);
      throw error;
    }
  }

  async function list(prefixKey: string): Promise<BlobFacts[]> {
    const Prefix = `${objectKey(prefixKey)}/`;
    const found: BlobFacts[] = [];
    for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket, Prefix })) {
      for (const { Key = '', Size = 0 } of page.Contents ?? []) {
        found.push({ key: prefix === '' ? Key : Key.slice(prefix.length + 1), sizeBytes: Size });
      }
    }
    return found;
  }

  return {
    description: `the bucket s3://${Bucket}/${prefix}`,
    stat,
    read,
    list,
    async write(key, content, sizeBytes) {
      const Key = objectKey(key);
      await uploads.abortAll(Key, true);
      const { UploadId, size } = await uploads.start(Key, sizeBytes);
      try {
        const sent = await uploads.sendParts({ Key, UploadId, size }, content, 1, true);
        if (sizeBytes !== null && sent.bytes !== sizeBytes) {
          throw wrongSize(key, sizeBytes, sent.bytes > sizeBytes ? 'more' : `only ${sent.bytes}`);
        }
        await uploads.complete(Key, UploadId, sent.parts);
        return sent.bytes;
      } catch (error) {
        await uploads.abort(Key, UploadId);
        throw error;
      }
    },
    append: (key, content, range) => uploads.append(objectKey(key), content, range),
    async keptBytes(key) {
      const open = await uploads.findOpen(objectKey(key));
      return open === null ? ((await stat(key))?.sizeBytes ?? 0) : open.keptBytes;
    },
    async removeAll(prefixKey) {
      const Prefix = `${objectKey(prefixKey)}/`;
      await uploads.abortAll(Prefix, false);
      for (const { key } of await list(prefixKey)) {
        await client.send(new sdk.DeleteObjectCommand({ Bucket, Key: objectKey(key) }));
      }
    },
    localFolder: async () => null,
    async openFolder(prefixKey, scratchFolder, signal) {
      for (const { key } of await list(prefixKey)) {
        const target = join(scratchFolder, ...key.slice(prefixKey.length + 1).split('/'));
        await mkdir(dirname(target), { recursive: true, mode: 0o700 });
        const content = Readable.from(await read(key));
        await pipeline(content, createWriteStream(target, { mode: 0o600 }), { signal });
      }
      return scratchFolder;
    },
  };
}

/** A client for a bucket. */
export function createS3Client(sdk: S3Sdk, settings: Omit<S3StoreSettings, 'prefix'>): S3Client {
  const { region, endpoint, credentials } = settings;
  return new sdk.S3Client({
    ...(region ? { region } : {}),
    // Servers other than Amazon's rarely have a host name per bucket.
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(credentials ? { credentials: { ...credentials } } : {}),
    // Buckets of others may be in any region.
    followRegionRedirects: true,
    maxAttempts: 3,
  });
}

function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes((error as Error | null)?.name ?? '');
}
