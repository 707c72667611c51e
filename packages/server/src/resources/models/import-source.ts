import { invalidField } from '@sparkler/api';
import type { models } from '@sparkler/api/resources';
import type { Static } from 'typebox';
import { type BucketSource, listBucket } from '../../blobs/list-bucket.ts';
import { listHubFiles } from '../../catalogue/index.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';

export type ImportRequest = Static<NonNullable<typeof models.methods.import.body>>;

/** A file of a model to be. */
interface ImportFile {
  readonly path: string;
  readonly sizeBytes: number;
  open(): Promise<AsyncIterable<Uint8Array>>;
}

/** Somewhere else, where the files of a model lie. */
export interface ImportSource {
  /** For people, and kept as `importedFrom`: `s3://bucket/folder` or the address of a repository. */
  readonly origin: string;
  /** Address of the repository on the hub; empty for others. */
  readonly huggingFaceUrl: string;
  listFiles(signal: AbortSignal): Promise<readonly ImportFile[]>;
  /** What went wrong and what to do. */
  explain(error: Error): string;
}

/**
 * The source that a request names. Only the caller's own credentials are used: what the server itself may
 * read is nobody's to import. Throws ApiError (400).
 */
export function readImportSource(
  body: ImportRequest,
  { importEndpoint, hubEndpoint }: Pick<ControlPlaneContext, 'importEndpoint' | 'hubEndpoint'>,
): ImportSource {
  if (body.awsS3Source !== undefined) return readBucket(body.awsS3Source, importEndpoint);
  if (body.huggingFaceSource !== undefined) return readRepository(body.huggingFaceSource, hubEndpoint);
  throw invalidField(
    'awsS3Source',
    'name what to import: awsS3Source (a bucket), huggingFaceSource (a repository) or sourceModel',
  );
}

function readBucket(from: NonNullable<ImportRequest['awsS3Source']>, endpoint: string): ImportSource {
  if (from.roleArn) {
    const message = 'roles are not assumed here; send accessKeyId and accessSecret';
    throw invalidField('awsS3Source.roleArn', message);
  }
  const { accessKeyId = '', accessSecret = '' } = from;
  if (accessKeyId === '' || accessSecret === '') {
    const field = accessKeyId === '' ? 'accessKeyId' : 'accessSecret';
    throw invalidField(
      `awsS3Source.${field}`,
      `awsS3Source.${field} is missing: send the access key that may read the bucket, id and secret`,
    );
  }
  const source: BucketSource = {
    bucket: from.s3Bucket ?? '',
    prefix: (from.s3Path ?? '').replace(/^\/+|\/+$/g, ''),
    endpoint: endpoint || undefined,
    credentials: { accessKeyId, secretAccessKey: accessSecret },
  };
  return {
    origin: `s3://${source.bucket}/${source.prefix}`,
    huggingFaceUrl: '',
    listFiles: () => listBucket(source),
    explain: (error) => explainS3(error, source.bucket),
  };
}

/** Errors of the SDK by their names; their texts may hold request ids and addresses, never credentials. */
function explainS3(error: Error, bucket: string): string {
  const advice: Readonly<Record<string, string>> = {
    NoSuchBucket: `there is no bucket ${bucket}`,
    AccessDenied: 'the credentials have no right to it (s3:ListBucket and s3:GetObject are needed)',
    InvalidAccessKeyId: 'there is no such access key',
    SignatureDoesNotMatch: 'the access secret is wrong',
  };
  return advice[error.name] ?? `${error.name}: ${error.message.slice(0, 300)}`;
}

/** `owner/name`, or a bare name of old; nothing that would be another path on the hub. */
const REPOSITORY = /^(?:[A-Za-z0-9][\w.-]{0,95}\/)?[A-Za-z0-9][\w.-]{0,95}$/;

function readRepository(
  from: NonNullable<ImportRequest['huggingFaceSource']>,
  endpoint: string,
): ImportSource {
  const { repository = '', revision = '', path = '', token = '' } = from;
  if (!REPOSITORY.test(repository) || repository.includes('..')) {
    const message = 'huggingFaceSource.repository must be owner/name, such as Qwen/Qwen2.5-0.5B-Instruct';
    throw invalidField('huggingFaceSource.repository', message);
  }
  const source = {
    endpoint,
    repository,
    revision: revision || 'main',
    path: path.replace(/^\/+|\/+$/g, ''),
    token,
  };
  return {
    origin: `${endpoint}/${repository}`,
    huggingFaceUrl: `${endpoint}/${repository}`,
    listFiles: (signal) => listHubFiles(source, signal),
    // Made by ourselves of the hub's address and status; no token is in them.
    explain: (error) => error.message.slice(0, 500),
  };
}
