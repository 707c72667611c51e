import {
  bool,
  float,
  int32,
  int64,
  list,
  map,
  message,
  out,
  required,
  secret,
  text,
  word,
} from '../fields.ts';
import { freeObject } from '../schema.ts';

/** Messages that several resources hold. */

/** Why a resource is in its state, with a message people can read. */
export const Status = message('Status', {
  code: word([
    'OK',
    'CANCELLED',
    'UNKNOWN',
    'INVALID_ARGUMENT',
    'DEADLINE_EXCEEDED',
    'NOT_FOUND',
    'ALREADY_EXISTS',
    'PERMISSION_DENIED',
    'UNAUTHENTICATED',
    'RESOURCE_EXHAUSTED',
    'FAILED_PRECONDITION',
    'ABORTED',
    'OUT_OF_RANGE',
    'UNIMPLEMENTED',
    'INTERNAL',
    'UNAVAILABLE',
    'DATA_LOSS',
  ]),
  message: text(),
});

/** google.type.Money. */
export const Money = message('Money', {
  currencyCode: text('ISO 4217.'),
  units: int64('Whole units.'),
  nanos: int32('Billionths of a unit.', { minimum: -999_999_999, maximum: 999_999_999 }),
});

/** google.type.Date. */
export const CalendarDate = message('CalendarDate', {
  year: int32(undefined, { maximum: 9999 }),
  month: int32(undefined, { maximum: 12 }),
  day: int32(undefined, { maximum: 31 }),
});

/** google.longrunning.Operation. */
export const Operation = message('Operation', {
  name: text(),
  metadata: freeObject(),
  done: bool(),
  error: message('RpcStatus', { code: int32('Number of the google.rpc code.'), message: text() }),
  response: freeObject(),
});

/** Where training logs its metrics. */
export const WandbConfig = message('WandbConfig', {
  enabled: bool(),
  apiKey: secret(
    text('Key of the Weights & Biases account, or the name of a secret with it; never returned.'),
  ),
  project: text(),
  entity: text('Team or user.'),
  runId: text(),
  url: out(text('Page of the run.')),
});

export const AwsS3Config = message('AwsS3Config', {
  credentialsSecret: text('Secret with "access key id:secret access key".'),
  iamRoleArn: text(),
});

export const AzureBlobStorageConfig = message('AzureBlobStorageConfig', {
  credentialsSecret: text(),
  managedIdentityClientId: text(),
  tenantId: text(),
});

export const JobProgress = message('JobProgress', {
  percent: int32(undefined, { maximum: 100 }),
  epoch: int32(),
  totalInputRequests: int32(),
  totalProcessedRequests: int32(),
  successfullyProcessedRequests: int32(),
  failedRequests: int32(),
  outputRows: int32(),
  inputTokens: int32(),
  cachedInputTokenCount: int32(),
  outputTokens: int32(),
});

/** Sampling options of jobs that run inference. */
export const InferenceParameters = message('InferenceParameters', {
  maxTokens: int32(),
  maxOutputTokens: int32('Another name of maxTokens.'),
  temperature: float(undefined, { minimum: 0, maximum: 2 }),
  topP: float(undefined, { minimum: 0, maximum: 1 }),
  topK: int32(undefined, { maximum: 100 }),
  n: int32(undefined, { maximum: 128 }),
  responseCandidatesCount: int32('Another name of n.', { maximum: 128 }),
  extraBody: text('JSON object merged into each request body.'),
});

/** Files to upload: name to size in bytes. */
export const UploadRequest = message('UploadRequest', { filenameToSize: required(map(int64())) });

export const SignedUrls = message('SignedUrls', { filenameToSignedUrls: map(text()) });

export const BatchDeleteRequest = message('BatchDeleteRequest', {
  names: required(list(text(), 'Full names of the resources to delete.')),
});
