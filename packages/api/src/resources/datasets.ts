import { Type } from 'typebox';
import {
  displayName,
  fixed,
  float,
  int64,
  message,
  out,
  reference,
  required,
  text,
  timestamp,
  word,
} from '../fields.ts';
import { defineResource } from '../resource.ts';
import { freeObject } from '../schema.ts';
import { SignedUrls, Status, UploadRequest } from './shared-messages.ts';

const DatasetFormat = word(['FORMAT_UNSPECIFIED', 'CHAT', 'COMPLETION', 'RL']);

/** An immutable set of examples, one JSON object a line. */
export const Dataset = message('Dataset', {
  name: out(text('accounts/{account}/datasets/{dataset}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  createdBy: out(text()),
  state: out(word(['STATE_UNSPECIFIED', 'UPLOADING', 'READY'])),
  status: out(Status),
  exampleCount: fixed(int64('Required for uploads.')),
  estimatedTokenCount: out(int64()),
  averageTurnCount: out(float()),
  format: fixed(DatasetFormat),
  userUploaded: fixed(message('UserUploaded', {}, 'Present (and empty) for an upload.')),
  evaluationResult: fixed(message('EvaluationResult', { evaluationJobId: required(text()) })),
  transformed: fixed(
    message('Transformed', {
      sourceDatasetId: required(reference('dataset')),
      filter: text(),
      originalFormat: DatasetFormat,
    }),
  ),
  splitted: fixed(message('Splitted', { sourceDatasetId: reference('dataset') })),
  evalProtocol: fixed(freeObject()),
  externalUrl: fixed(
    text('https://, s3:// or gs:// URL of a JSONL file that everybody may read; nothing is uploaded then.'),
  ),
  sourceJobName: fixed(text()),
  encryptionState: out(text()),
});

const CreateDatasetRequest = message('CreateDatasetRequest', {
  dataset: required(Dataset),
  datasetId: required(text()),
  sourceDatasetId: reference('dataset', 'Make it of the examples of another one.'),
  filter: text('Which examples of the source to take.'),
});

/** The shape of OpenAI's File. */
const DatasetFile = message('DatasetFile', {
  id: text('Name of the dataset.'),
  object: text('file'),
  bytes: Type.Integer({ minimum: 0 }),
  created_at: Type.Integer({ minimum: 0 }),
  filename: text(),
  purpose: text(),
});

export const datasets = defineResource({
  noun: 'dataset',
  collection: 'datasets',
  parent: 'accounts/{account}',
  schema: Dataset,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({ idKey: 'datasetId', wrapped: CreateDatasetRequest }),
    update: on.update(),
    delete: on.delete(),
    upload: on.verb('upload', {
      operationId: 'uploadDatasetFile',
      summary: 'Upload the file of a dataset (up to 150 MB) and make the dataset ready',
      fileField: 'file',
      response: DatasetFile,
    }),
    getUploadEndpoint: on.verb('getUploadEndpoint', {
      operationId: 'getDatasetUploadEndpoint',
      summary: 'Get URLs to upload the files of a dataset to',
      body: UploadRequest,
      response: SignedUrls,
    }),
    validateUpload: on.verb('validateUpload', {
      operationId: 'validateDatasetUpload',
      summary: 'Check the uploaded files and make the dataset ready',
    }),
    splitDataset: on.verb('splitDataset', {
      operationId: 'splitDataset',
      summary: 'Make two datasets of one: <id>-train, and <id>-evaluation with a tenth of it (at most 100)',
    }),
    getDownloadEndpoint: on.verb('getDownloadEndpoint', {
      httpMethod: 'GET',
      operationId: 'getDatasetDownloadEndpoint',
      summary: 'Get URLs to download the files of a dataset from',
      query: message('DatasetDownloadParameters', { readMask: text() }),
      response: SignedUrls,
    }),
  }),
  legalStates: {
    upload: ['UPLOADING'],
    getUploadEndpoint: ['UPLOADING'],
    validateUpload: ['UPLOADING', 'READY'],
    splitDataset: ['READY'],
    getDownloadEndpoint: ['READY'],
  },
});
