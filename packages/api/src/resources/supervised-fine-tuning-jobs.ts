import {
  bool,
  displayName,
  float,
  int32,
  message,
  out,
  reference,
  required,
  secret,
  text,
  timestamp,
} from '../fields.ts';
import { defineResource } from '../resource.ts';
import { cancellableJobStates, JobState, pausableJobStates, Region, resumableJobStates } from './enums.ts';
import { FineTuningEvents, FineTuningPreview } from './fine-tuning-reports.ts';
import {
  AwsS3Config,
  AzureBlobStorageConfig,
  JobProgress,
  Money,
  Status,
  WandbConfig,
} from './shared-messages.ts';

const HiddenStatesGenConfig = message('HiddenStatesGenConfig', {
  deployedModel: text(),
  maxWorkers: int32(),
  maxTokens: int32(),
  maxContextLen: int32(),
  inputOffset: int32(),
  inputLimit: int32(),
  regenerateAssistant: bool(),
  outputActivations: bool(),
  apiKey: secret(text()),
});

export const SupervisedFineTuningJob = message('SupervisedFineTuningJob', {
  name: out(text('accounts/{account}/supervisedFineTuningJobs/{supervisedFineTuningJob}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  completedTime: out(timestamp()),
  createdBy: out(text('E-mail of the user.')),
  state: out(JobState),
  status: out(Status),
  dataset: required(reference('dataset', 'The name of the dataset used for training.')),
  outputModel: text('Id of the model to make. Default: the job id.'),
  baseModel: reference('model', 'Model to fine-tune; this or warmStartFrom.'),
  warmStartFrom: reference('model', 'LoRA addon to train on from; this or baseModel.'),
  jinjaTemplate: text('Chat template in place of the one of the model.'),
  earlyStop: bool('Stop when the validation loss no longer falls.'),
  epochs: float('Passes over the dataset; fractions too.', { minimum: 0 }),
  learningRate: float(undefined, { minimum: 0 }),
  learningRateWarmupSteps: int32(),
  optimizerWeightDecay: float(undefined, { minimum: 0 }),
  maxContextLength: int32(),
  loraRank: int32(),
  batchSize: int32('Tokens in a batch.'),
  batchSizeSamples: int32('Examples in a batch.'),
  gradientAccumulationSteps: int32(),
  evaluationDataset: reference('dataset'),
  evalAutoCarveout: bool('Keep part of the dataset for evaluation.'),
  isTurbo: bool(),
  region: Region,
  nodes: int32(),
  mtpEnabled: bool(),
  mtpNumDraftTokens: int32(),
  mtpFreezeBaseModel: bool(),
  hiddenStatesGenConfig: HiddenStatesGenConfig,
  wandbConfig: WandbConfig,
  awsS3Config: AwsS3Config,
  azureBlobStorageConfig: AzureBlobStorageConfig,
  usePurpose: text(),
  metricsFileSignedUrl: text(
    'Made by the server: metrics so far as JSON lines, as CSV with .csv in place of .jsonl.',
  ),
  trainerLogsSignedUrl: out(text('What the trainer said, line by line; needs no key.')),
  estimatedCost: out(Money),
  jobProgress: out(JobProgress),
});

export const supervisedFineTuningJobs = defineResource({
  noun: 'supervisedFineTuningJob',
  collection: 'supervisedFineTuningJobs',
  parent: 'accounts/{account}',
  schema: SupervisedFineTuningJob,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'supervisedFineTuningJobId',
      query: message('CreateSupervisedFineTuningJobParameters', {
        supervisedFineTuningJobId: text('Default: a random id.'),
      }),
    }),
    delete: on.delete(),
    cancel: on.verb('cancel', { summary: 'Stop a job, keeping what it has' }),
    pause: on.verb('pause', { summary: 'Stop a job with a checkpoint, to resume it later' }),
    resume: on.verb('resume', { summary: 'Go on with a stopped job', response: SupervisedFineTuningJob }),
    getEvents: on.verb('getEvents', {
      httpMethod: 'GET',
      summary: 'What a job did so far: losses, evaluations, checkpoints, messages',
      query: message('FineTuningEventsParameters', {
        afterSequence: text('Only events after this one. Empty: from the beginning.'),
      }),
      response: FineTuningEvents,
    }),
    preview: on.collectionVerb('preview', {
      summary: 'What a job would train on, how long it would take and what it would cost',
      access: 'read',
      body: SupervisedFineTuningJob,
      response: FineTuningPreview,
    }),
  }),
  legalStates: {
    cancel: cancellableJobStates,
    pause: pausableJobStates,
    resume: resumableJobStates,
  },
});
