import {
  displayName,
  float,
  list,
  map,
  message,
  out,
  reference,
  required,
  text,
  timestamp,
} from '../fields.ts';
import { defineResource } from '../resource.ts';
import { JobState } from './enums.ts';
import { AwsS3Config, Status } from './shared-messages.ts';

/** Runs an evaluator over a dataset. */
export const EvaluationJob = message('EvaluationJob', {
  name: out(text('accounts/{account}/evaluationJobs/{evaluationJob}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  createdBy: out(text()),
  state: out(JobState),
  status: out(Status),
  evaluator: required(reference('evaluator')),
  inputDataset: required(reference('dataset')),
  outputDataset: required(reference('dataset', 'Dataset to make.')),
  metrics: out(map(float())),
  outputStats: text(),
  awsS3Config: AwsS3Config,
});

export const evaluationJobs = defineResource({
  noun: 'evaluationJob',
  collection: 'evaluationJobs',
  parent: 'accounts/{account}',
  schema: EvaluationJob,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'evaluationJobId',
      wrapped: message('CreateEvaluationJobRequest', {
        evaluationJob: required(EvaluationJob),
        evaluationJobId: text('Default: chosen by the server.'),
        leaderboardIds: list(text()),
      }),
    }),
    delete: on.delete(),
    getExecutionLogEndpoint: on.verb('getExecutionLogEndpoint', {
      httpMethod: 'GET',
      operationId: 'getEvaluationJobExecutionLogEndpoint',
      summary: 'Get a URL to read the log of the run from',
      response: message('ExecutionLog', {
        executionLogSignedUri: text('Empty until there is a log.'),
        contentType: text(),
        expireTime: timestamp(),
      }),
    }),
  }),
});
