import { listObjects, openS3Bucket, readObject } from './s3-bucket.ts';
import type { S3StoreSettings } from './s3-store.ts';

/** A folder of somebody's bucket. */
export type BucketSource = S3StoreSettings;

export interface BucketFile {
  /** Below the prefix. */
  readonly path: string;
  readonly sizeBytes: number;
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** The files below a prefix of a bucket, which are read with the source's own credentials. */
export async function listBucket(source: BucketSource): Promise<BucketFile[]> {
  const bucket = await openS3Bucket({ region: 'us-east-1', ...source });
  const prefix = source.prefix === '' ? '' : `${source.prefix}/`;
  const objects = await listObjects(bucket, prefix);
  // Names that end in a slash are the folders that consoles make.
  return objects
    .filter(({ key }) => !key.endsWith('/'))
    .map(({ key, sizeBytes }) => ({
      path: key.slice(prefix.length),
      sizeBytes,
      async open() {
        const content = await readObject(bucket, key);
        if (content === null) throw new Error(`s3://${bucket.name}/${key} went away`);
        return content;
      },
    }));
}
