import {
  bool,
  displayName,
  duration,
  int32,
  message,
  out,
  reference,
  required,
  text,
  timestamp,
} from '../fields.ts';
import { defineResource } from '../resource.ts';
import { freeObject } from '../schema.ts';
import { AcceleratorType, JobState, Precision, Region } from './enums.ts';
import { InferenceParameters, JobProgress, Status } from './shared-messages.ts';

/** Runs a model over a dataset of `{custom_id, body}` rows; writes `{custom_id, response}` rows. */
export const BatchInferenceJob = message('BatchInferenceJob', {
  name: out(text('accounts/{account}/batchInferenceJobs/{batchInferenceJob}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  expireTime: out(timestamp()),
  createdBy: out(text()),
  state: out(JobState),
  status: out(Status),
  model: required(reference('model')),
  inputDatasetId: required(reference('dataset')),
  outputDatasetId: required(reference('dataset', 'Dataset to make.')),
  inferenceParameters: InferenceParameters,
  systemPrompt: text(),
  appendToMessages: message('AppendToMessages', { unrollMultipleResponses: bool() }),
  endingAssistantMessages: text(),
  precision: Precision,
  acceleratorType: AcceleratorType,
  acceleratorCount: int32(),
  maxReplicaCount: int32(),
  region: Region,
  continuedFromJobName: text('Go on with the rows this job did not finish.'),
  jobProgress: out(JobProgress),
  waitingOnCapacity: out(bool()),
  maxJobDuration: out(duration()),
  lifecycle: out(freeObject()),
  placement: out(freeObject()),
});

export const batchInferenceJobs = defineResource({
  noun: 'batchInferenceJob',
  collection: 'batchInferenceJobs',
  parent: 'accounts/{account}',
  schema: BatchInferenceJob,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'batchInferenceJobId',
      query: message('CreateBatchInferenceJobParameters', {
        batchInferenceJobId: text('Default: a random id.'),
      }),
    }),
    delete: on.delete(),
  }),
});
