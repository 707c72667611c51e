import {
  bool,
  displayName,
  float,
  int32,
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
import { cancellableJobStates, JobState, Region, resumableJobStates } from './enums.ts';
import {
  AwsS3Config,
  AzureBlobStorageConfig,
  InferenceParameters,
  JobProgress,
  Status,
  WandbConfig,
} from './shared-messages.ts';

export const BaseTrainingConfig = message('BaseTrainingConfig', {
  outputModel: text('Id of the model to make. Default: the job id.'),
  baseModel: reference('model', 'Model to fine-tune; this or warmStartFrom.'),
  warmStartFrom: reference('model', 'LoRA addon to train on from; this or baseModel.'),
  jinjaTemplate: text(),
  learningRate: float(undefined, { minimum: 0 }),
  learningRateWarmupSteps: int32(),
  optimizerWeightDecay: float(undefined, { minimum: 0 }),
  maxContextLength: int32(),
  loraRank: int32(),
  region: Region,
  epochs: int32(),
  batchSize: int32(),
  batchSizeSamples: int32(),
  gradientAccumulationSteps: int32(),
});

const LossConfig = message('ReinforcementLearningLossConfig', {
  method: word(['METHOD_UNSPECIFIED', 'GRPO', 'DAPO', 'DPO', 'ORPO', 'GSPO_TOKEN']),
  klBeta: float(),
  dpo: message('DpoConfig', { beta: float(), refCacheConcurrency: int32(), refCacheBatchSize: int32() }),
});

export const ReinforcementFineTuningJob = message('ReinforcementFineTuningJob', {
  name: out(text('accounts/{account}/reinforcementFineTuningJobs/{reinforcementFineTuningJob}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  completedTime: out(timestamp()),
  createdBy: out(text()),
  state: out(JobState),
  status: out(Status),
  dataset: required(reference('dataset')),
  evaluationDataset: reference('dataset'),
  evalAutoCarveout: bool(),
  evaluator: required(reference('evaluator')),
  trainingConfig: BaseTrainingConfig,
  episodes: int32(),
  inferenceParameters: InferenceParameters,
  lossConfig: LossConfig,
  chunkSize: int32('Examples rolled out before each update.'),
  mcpServer: text(),
  nodeCount: int32(),
  maxInferenceReplicaCount: int32(),
  maxConcurrentRollouts: int32(),
  maxConcurrentEvaluations: int32(),
  wandbConfig: WandbConfig,
  awsS3Config: AwsS3Config,
  azureBlobStorageConfig: AzureBlobStorageConfig,
  outputMetrics: out(text()),
  outputStats: out(text()),
  acceleratorSeconds: out(map(text())),
  trainerLogsSignedUrl: out(text()),
  jobProgress: out(JobProgress),
});

export const reinforcementFineTuningJobs = defineResource({
  noun: 'reinforcementFineTuningJob',
  collection: 'reinforcementFineTuningJobs',
  parent: 'accounts/{account}',
  schema: ReinforcementFineTuningJob,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'reinforcementFineTuningJobId',
      query: message('CreateReinforcementFineTuningJobParameters', {
        reinforcementFineTuningJobId: text('Default: a random id.'),
      }),
    }),
    delete: on.delete(),
    cancel: on.verb('cancel', { summary: 'Stop a job, keeping what it has' }),
    resume: on.verb('resume', { summary: 'Go on with a stopped job', response: ReinforcementFineTuningJob }),
  }),
  legalStates: { cancel: cancellableJobStates, resume: resumableJobStates },
});
