import type { GetObjectCommandOutput, S3Client } from '@aws-sdk/client-s3';
import type { Checksum } from '../checksum.ts';
import { SourceError } from '../model-unavailable-error.ts';
import { matchFiles } from './match-files.ts';
import type { ModelSource, OpenedContent, SourceContext } from './source.ts';

export interface S3Location {
  readonly bucket: string;
  readonly prefix: string;
  readonly region?: string | undefined;
  readonly endpoint?: string | undefined;
}

type Sdk = typeof import('@aws-sdk/client-s3');

/**
 * Objects of a bucket, read with the credentials that the AWS SDK finds (environment, profile, instance
 * role).
 */
export function createS3Source(from: S3Location): ModelSource {
  return {
    description: `S3 bucket s3://${from.bucket}/${from.prefix}`,
    async offer(files, { signal }: SourceContext) {
      // Loaded only here: 80 ms and 20 MB that a server without S3 never pays.
      const sdk = await import('@aws-sdk/client-s3');
      const client = createClient(sdk, from);
      const listed = await explainS3(listObjects(sdk, client, from, signal));
      const matched = matchFiles(files, listed, `s3://${from.bucket}/${from.prefix}`);
      return Promise.all(
        matched.map(async ({ path, wanted, listed: object }) => ({
          path,
          sizeBytes: object.sizeBytes,
          checksum:
            wanted.sha256 === null
              ? await explainS3(readChecksum(sdk, client, from.bucket, object.key, signal))
              : null,
          content: {
            kind: 'stream' as const,
            stage: 'downloading' as const,
            open: (fromByte: number, openSignal: AbortSignal) =>
              explainS3(openObject(sdk, client, from.bucket, object, fromByte, openSignal)),
          },
        })),
      );
    },
  };
}

interface S3Object {
  readonly key: string;
  readonly sizeBytes: number;
}

function createClient(sdk: Sdk, from: S3Location): S3Client {
  return new sdk.S3Client({
    ...(from.region ? { region: from.region } : {}),
    // Servers other than Amazon's rarely have a host name per bucket.
    ...(from.endpoint ? { endpoint: from.endpoint, forcePathStyle: true } : {}),
    maxAttempts: 3,
  });
}

async function listObjects(
  sdk: Sdk,
  client: S3Client,
  from: S3Location,
  signal: AbortSignal,
): Promise<Map<string, S3Object>> {
  const prefix = from.prefix === '' || from.prefix.endsWith('/') ? from.prefix : `${from.prefix}/`;
  const listed = new Map<string, S3Object>();
  const pages = sdk.paginateListObjectsV2({ client }, { Bucket: from.bucket, Prefix: prefix });
  for await (const page of pages) {
    signal.throwIfAborted();
    for (const { Key: key, Size: sizeBytes } of page.Contents ?? []) {
      if (key !== undefined) listed.set(key.slice(prefix.length), { key, sizeBytes: sizeBytes ?? 0 });
    }
  }
  return listed;
}

/**
 * A stored SHA-256 of the whole object, or the ETag where that is the content's MD5 (not after multipart
 * uploads).
 */
async function readChecksum(
  sdk: Sdk,
  client: S3Client,
  bucket: string,
  key: string,
  abortSignal: AbortSignal,
): Promise<Checksum> {
  const head = await client.send(
    new sdk.HeadObjectCommand({ Bucket: bucket, Key: key, ChecksumMode: 'ENABLED' }),
    {
      abortSignal,
    },
  );
  if (head.ChecksumSHA256 && head.ChecksumType !== 'COMPOSITE') {
    return { algorithm: 'sha256', hex: Buffer.from(head.ChecksumSHA256, 'base64').toString('hex') };
  }
  const md5 = /^"([0-9a-f]{32})"$/.exec(head.ETag ?? '')?.[1];
  if (md5 !== undefined && !head.ServerSideEncryption?.startsWith('aws:kms'))
    return { algorithm: 'md5', hex: md5 };
  throw new SourceError(
    `s3://${bucket}/${key} has no checksum of its whole content: upload it with ` +
      '--checksum-algorithm SHA256, or give its sha256 in the catalogue',
  );
}

async function openObject(
  sdk: Sdk,
  client: S3Client,
  bucket: string,
  object: S3Object,
  fromByte: number,
  abortSignal: AbortSignal,
): Promise<OpenedContent> {
  const canResume = fromByte > 0 && fromByte < object.sizeBytes;
  const answer: GetObjectCommandOutput = await client.send(
    new sdk.GetObjectCommand({
      Bucket: bucket,
      Key: object.key,
      ...(canResume ? { Range: `bytes=${fromByte}-` } : {}),
    }),
    { abortSignal },
  );
  const start = canResume && answer.ContentRange?.startsWith(`bytes ${fromByte}-`) ? fromByte : 0;
  return { fromByte: start, totalBytes: object.sizeBytes, chunks: answer.Body as AsyncIterable<Uint8Array> };
}

async function explainS3<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof SourceError) throw error;
    const { name, message } = error as Error;
    if (name === 'AbortError') throw error;
    const advice =
      {
        CredentialsProviderError:
          'no AWS credentials were found: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and its secret',
        NoSuchBucket: 'there is no such bucket',
        AccessDenied: 'the AWS credentials have no right to it (s3:ListBucket and s3:GetObject are needed)',
      }[name] ?? `${name}: ${message}`;
    throw new SourceError(advice);
  }
}
