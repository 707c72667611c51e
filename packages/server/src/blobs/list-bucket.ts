import { createS3Client, type S3StoreSettings } from './s3-store.ts';

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
  const sdk = await import('@aws-sdk/client-s3');
  const client = createS3Client(sdk, { region: 'us-east-1', ...source });
  const { bucket: Bucket, prefix } = source;
  const Prefix = prefix === '' ? '' : `${prefix}/`;
  const files: BucketFile[] = [];
  for await (const page of sdk.paginateListObjectsV2({ client }, { Bucket, Prefix })) {
    for (const { Key = '', Size = 0 } of page.Contents ?? []) {
      // Names that end so are the folders that consoles make.
      if (Key.endsWith('/')) continue;
      const open = async () => {
        const object = await client.send(new sdk.GetObjectCommand({ Bucket, Key }));
        return object.Body as AsyncIterable<Uint8Array>;
      };
      files.push({ path: Key.slice(Prefix.length), sizeBytes: Size, open });
    }
  }
  return files;
}
