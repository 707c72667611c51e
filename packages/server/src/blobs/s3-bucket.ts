import type { S3Client } from '@aws-sdk/client-s3';

export type S3Sdk = typeof import('@aws-sdk/client-s3');

export interface S3BucketSettings {
  readonly bucket: string;
  readonly region?: string | undefined;
  /** Of a server other than Amazon's. */
  readonly endpoint?: string | undefined;
  /** Default: what the SDK finds (environment, profile, instance role). */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/** A bucket and how to talk to it. */
export interface S3Bucket {
  readonly sdk: S3Sdk;
  readonly client: S3Client;
  readonly name: string;
}

export async function openS3Bucket(settings: S3BucketSettings): Promise<S3Bucket> {
  // Loaded only here: 80 ms and 20 MB that a server without S3 never pays.
  const sdk = await import('@aws-sdk/client-s3');
  const { bucket, region, endpoint, credentials } = settings;
  const client = new sdk.S3Client({
    ...(region ? { region } : {}),
    // Servers other than Amazon's rarely have a host name per bucket.
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
    ...(credentials ? { credentials: { ...credentials } } : {}),
    // Buckets of others may be in any region.
    followRegionRedirects: true,
    maxAttempts: 3,
  });
  return { sdk, client, name: bucket };
}

/** An object as a list shows it. */
export interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
}

/** All objects whose keys begin with a prefix. */
export async function listObjects({ sdk, client, name }: S3Bucket, prefix: string): Promise<ListedObject[]> {
  const found: ListedObject[] = [];
  const pages = sdk.paginateListObjectsV2({ client }, { Bucket: name, Prefix: prefix });
  for await (const page of pages) {
    for (const { Key = '', Size = 0 } of page.Contents ?? []) found.push({ key: Key, sizeBytes: Size });
  }
  return found;
}

/** Bytes of an object; null when there is none. */
export async function sizeOfObject({ sdk, client, name }: S3Bucket, key: string): Promise<number | null> {
  try {
    const head = await client.send(new sdk.HeadObjectCommand({ Bucket: name, Key: key }));
    return head.ContentLength ?? 0;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Content of an object, or of a range as HTTP writes it; null when there is none. */
export async function readObject(
  { sdk, client, name }: S3Bucket,
  key: string,
  range?: string,
): Promise<AsyncIterable<Uint8Array> | null> {
  const part = range === undefined ? {} : { Range: range };
  try {
    const object = await client.send(new sdk.GetObjectCommand({ Bucket: name, Key: key, ...part }));
    return object.Body as AsyncIterable<Uint8Array>;
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

export async function deleteObject({ sdk, client, name }: S3Bucket, key: string): Promise<void> {
  await client.send(new sdk.DeleteObjectCommand({ Bucket: name, Key: key }));
}

function isMissing(error: unknown): boolean {
  return ['NoSuchKey', 'NotFound'].includes((error as Error | null)?.name ?? '');
}
