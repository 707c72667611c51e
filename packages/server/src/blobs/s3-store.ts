import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BlobError, type BlobFacts, type BlobStore, checkBlobKey } from './blob-store.ts';
import {
  deleteObject,
  listObjects,
  openS3Bucket,
  readObject,
  type S3BucketSettings,
  sizeOfObject,
} from './s3-bucket.ts';
import { abortUploads, appendToUpload, findUpload, uploadWhole } from './s3-uploads.ts';

export interface S3StoreSettings extends S3BucketSettings {
  /** Begins all keys in the bucket; may be empty. */
  readonly prefix: string;
}

/** Blobs as objects of a bucket, uploaded in parts, which S3 makes visible whole or not at all. */
export async function openS3Store(settings: S3StoreSettings): Promise<BlobStore> {
  const bucket = await openS3Bucket(settings);
  const { prefix } = settings;
  const objectKey = (key: string) => {
    checkBlobKey(key);
    return prefix === '' ? key : `${prefix}/${key}`;
  };
  async function list(prefixKey: string): Promise<BlobFacts[]> {
    const found = await listObjects(bucket, `${objectKey(prefixKey)}/`);
    const skipped = prefix === '' ? 0 : prefix.length + 1;
    return found.map(({ key, sizeBytes }) => ({ key: key.slice(skipped), sizeBytes }));
  }
  async function read(key: string, range?: { fromByte: number; toByte: number }) {
    const wanted = range === undefined ? undefined : `bytes=${range.fromByte}-${range.toByte}`;
    const content = await readObject(bucket, objectKey(key), wanted);
    if (content === null) throw new BlobError('missing', `there is no ${key}`);
    return content;
  }
  return {
    description: `the bucket s3://${bucket.name}/${prefix}`,
    list,
    read,
    write: async (key, content, sizeBytes) => uploadWhole(bucket, objectKey(key), content, sizeBytes),
    append: async (key, content, range) => appendToUpload(bucket, objectKey(key), content, range),
    async stat(key) {
      const sizeBytes = await sizeOfObject(bucket, objectKey(key));
      return sizeBytes === null ? null : { key, sizeBytes };
    },
    async keptBytes(key) {
      const open = await findUpload(bucket, objectKey(key));
      return open?.keptBytes ?? (await sizeOfObject(bucket, objectKey(key))) ?? 0;
    },
    async removeAll(prefixKey) {
      await abortUploads(bucket, `${objectKey(prefixKey)}/`, false);
      for (const { key } of await list(prefixKey)) await deleteObject(bucket, objectKey(key));
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
