import {
  bool,
  displayName,
  float,
  int32,
  int64,
  list,
  map,
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

const Criterion = message('Criterion', {
  type: word(['TYPE_UNSPECIFIED', 'CODE_SNIPPETS']),
  name: text(),
  description: text(),
  codeSnippets: message('CodeSnippets', {
    language: text(),
    fileContents: map(text(), 'File name to source; the entry is main.py.'),
  }),
});

const RollupSettings = message('RollupSettings', {
  criteriaWeights: map(float()),
  pythonCode: text(),
  successThreshold: float(),
});

const EvaluatorSource = message('EvaluatorSource', {
  type: word(['TYPE_UNSPECIFIED', 'TYPE_UPLOAD', 'TYPE_GITHUB', 'TYPE_TEMPORARY']),
  githubRepositoryName: text(),
});

/** A reward function: code that scores a conversation. */
export const Evaluator = message('Evaluator', {
  name: out(text('accounts/{account}/evaluators/{evaluator}')),
  displayName: displayName(),
  description: text(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  createdBy: out(text()),
  state: out(word(['STATE_UNSPECIFIED', 'ACTIVE', 'BUILDING', 'BUILD_FAILED'])),
  status: out(Status),
  criteria: list(Criterion),
  multiMetrics: bool(),
  rollupSettings: RollupSettings,
  requirements: text('Python packages, one a line.'),
  entryPoint: text(),
  commitHash: text(),
  source: EvaluatorSource,
  defaultDataset: reference('dataset'),
});

const CreateEvaluatorRequest = message('CreateEvaluatorRequest', {
  evaluator: required(Evaluator),
  evaluatorId: text('Default: chosen by the server.'),
});

const PreviewEvaluatorRequest = message('PreviewEvaluatorRequest', {
  evaluator: required(Evaluator),
  sampleData: required(list(text(), 'JSON objects, as text.')),
  maxSamples: int32('Default 10.'),
});

const PreviewEvaluatorResponse = message('PreviewEvaluatorResponse', {
  results: list(
    message('PreviewEvaluatorSampleResult', {
      success: bool(),
      score: float(),
      perMetricEvals: map(freeObject()),
    }),
  ),
  totalSamples: int32(),
  totalRuntimeMs: int64(),
});

export const evaluators = defineResource({
  noun: 'evaluator',
  collection: 'evaluators',
  parent: 'accounts/{account}',
  schema: Evaluator,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({ idKey: 'evaluatorId', wrapped: CreateEvaluatorRequest }),
    createV2: on.create({
      idKey: 'evaluatorId',
      wrapped: CreateEvaluatorRequest,
      path: 'evaluatorsV2',
      operationId: 'createEvaluatorV2',
    }),
    update: on.update({
      query: message('UpdateEvaluatorParameters', {
        prepareCodeUpload: bool('Go back to BUILDING and await code.'),
      }),
    }),
    delete: on.delete(),
    preview: on.collectionVerb('previewEvaluator', {
      operationId: 'previewEvaluator',
      summary: 'Run an evaluator that is not stored over sample data',
      body: PreviewEvaluatorRequest,
      response: PreviewEvaluatorResponse,
    }),
    getUploadEndpoint: on.verb('getUploadEndpoint', {
      operationId: 'getEvaluatorUploadEndpoint',
      summary: 'Get URLs to upload the code of an evaluator to',
      body: UploadRequest,
      response: SignedUrls,
    }),
    validateUpload: on.verb('validateUpload', {
      operationId: 'validateEvaluatorUpload',
      summary: 'Check the uploaded code and build the evaluator',
    }),
    getBuildLogEndpoint: on.verb('getBuildLogEndpoint', {
      httpMethod: 'GET',
      operationId: 'getEvaluatorBuildLogEndpoint',
      summary: 'Get a URL to read the build log from',
      response: message('EvaluatorBuildLog', { buildLogSignedUri: text() }),
    }),
    getSourceCodeSignedUrl: on.verb('getSourceCodeSignedUrl', {
      httpMethod: 'GET',
      operationId: 'getEvaluatorSourceCodeSignedUrl',
      summary: 'Get URLs to download the code of an evaluator from',
      response: SignedUrls,
    }),
  }),
});
