// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { Input, ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface Dataset {
  /** accounts/{account}/datasets/{dataset} */
  readonly name: string;
  /** A name for people, at most 63 characters. */
  readonly displayName: string;
  readonly createTime: string | null;
  readonly updateTime: string | null;
  readonly createdBy: string;
  readonly state: 'STATE_UNSPECIFIED' | 'UPLOADING' | 'READY';
  readonly status: Status | null;
  /** Required for uploads. */
  readonly exampleCount: string;
  readonly estimatedTokenCount: string;
  readonly averageTurnCount: number;
  readonly format: 'FORMAT_UNSPECIFIED' | 'CHAT' | 'COMPLETION' | 'RL';
  /** Present (and empty) for an upload. */
  readonly userUploaded: Record<string, never> | null;
  readonly evaluationResult: EvaluationResult | null;
  readonly transformed: Transformed | null;
  readonly splitted: Splitted | null;
  readonly evalProtocol: Readonly<Record<string, unknown>>;
  /** https://, s3:// or gs:// URL of a JSONL file that everybody may read; nothing is uploaded then. */
  readonly externalUrl: string;
  readonly sourceJobName: string;
  readonly encryptionState: string;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

export interface EvaluationResult {
  readonly evaluationJobId: string;
}

export interface Transformed {
  /** Name of a dataset. */
  readonly sourceDatasetId: string;
  readonly filter: string;
  readonly originalFormat: 'FORMAT_UNSPECIFIED' | 'CHAT' | 'COMPLETION' | 'RL';
}

export interface Splitted {
  /** Name of a dataset. */
  readonly sourceDatasetId: string;
}

export interface DatasetFile {
  /** Name of the dataset. */
  readonly id: string;
  /** file */
  readonly object: string;
  readonly bytes: number;
  readonly created_at: number;
  readonly filename: string;
  readonly purpose: string;
}

export interface SignedUrls {
  readonly filenameToSignedUrls: Readonly<Record<string, string>>;
}

export interface UploadRequest {
  readonly filenameToSize: Readonly<Record<string, string>>;
}

/** Datasets: `accounts/{account}/datasets/{dataset}`. */
export class Datasets {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List datasets. GET /v1/accounts/{account}/datasets */
  list(parameters: ListParameters = {}, options?: CallOptions): PagePromise<Dataset> {
    const collection = { path: 'datasets', key: 'datasets' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }

  /** Get a dataset. GET /v1/accounts/{account}/datasets/{dataset} */
  get(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<Dataset> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/datasets/{dataset}',
      name,
      query: query as Query,
      options,
    });
  }

  /** Create a dataset. POST /v1/accounts/{account}/datasets */
  create(parameters: { dataset: Input<Dataset>; datasetId?: string | undefined; sourceDatasetId?: string | undefined; filter?: string | undefined; parent?: string | undefined }, options?: CallOptions): Promise<Dataset> {
    const { dataset, datasetId, sourceDatasetId, filter, parent = '' } = parameters;
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}',
      name: parent,
      suffix: 'datasets',
      body: { dataset, datasetId, sourceDatasetId, filter },
      options,
    });
  }

  /** Update a dataset. PATCH /v1/accounts/{account}/datasets/{dataset} */
  update(name: string, changes: Input<Dataset>, query: { updateMask?: string | undefined } = {}, options?: CallOptions): Promise<Dataset> {
    return this.#client.call({
      method: 'PATCH',
      pattern: 'accounts/{account}/datasets/{dataset}',
      name,
      query: query as Query,
      body: changes,
      options,
    });
  }

  /** Delete a dataset. DELETE /v1/accounts/{account}/datasets/{dataset} */
  delete(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'DELETE',
      pattern: 'accounts/{account}/datasets/{dataset}',
      name,
      options,
    });
  }

  /** Upload the file of a dataset (up to 150 MB) and make the dataset ready. POST /v1/accounts/{account}/datasets/{dataset}:upload */
  upload(name: string, options?: CallOptions): Promise<DatasetFile> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/datasets/{dataset}',
      name,
      suffix: ':upload',
      options,
    });
  }

  /** Get URLs to upload the files of a dataset to. POST /v1/accounts/{account}/datasets/{dataset}:getUploadEndpoint */
  getUploadEndpoint(name: string, changes: Input<UploadRequest>, options?: CallOptions): Promise<SignedUrls> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/datasets/{dataset}',
      name,
      suffix: ':getUploadEndpoint',
      body: changes,
      options,
    });
  }

  /** Check the uploaded files and make the dataset ready. POST /v1/accounts/{account}/datasets/{dataset}:validateUpload */
  validateUpload(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/datasets/{dataset}',
      name,
      suffix: ':validateUpload',
      options,
    });
  }

  /** Make two datasets of one: <id>-train, and <id>-evaluation with a tenth of it (at most 100). POST /v1/accounts/{account}/datasets/{dataset}:splitDataset */
  splitDataset(name: string, options?: CallOptions): Promise<Record<string, never>> {
    return this.#client.call({
      method: 'POST',
      pattern: 'accounts/{account}/datasets/{dataset}',
      name,
      suffix: ':splitDataset',
      options,
    });
  }

  /** Get URLs to download the files of a dataset from. GET /v1/accounts/{account}/datasets/{dataset}:getDownloadEndpoint */
  getDownloadEndpoint(name: string, query: { readMask?: string | undefined } = {}, options?: CallOptions): Promise<SignedUrls> {
    return this.#client.call({
      method: 'GET',
      pattern: 'accounts/{account}/datasets/{dataset}',
      name,
      suffix: ':getDownloadEndpoint',
      query: query as Query,
      options,
    });
  }
}
