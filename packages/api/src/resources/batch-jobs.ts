import {
  bool,
  displayName,
  int32,
  list,
  map,
  message,
  out,
  required,
  text,
  timestamp,
  word,
} from '../fields.ts';
import { defineResource } from '../resource.ts';
import { BatchDeleteRequest } from './shared-messages.ts';

const PythonExecutor = message('PythonExecutor', {
  targetType: required(word(['TARGET_TYPE_UNSPECIFIED', 'MODULE', 'FILENAME'])),
  target: required(text()),
  args: list(text()),
});

/** A program run over ranks of a node pool. */
export const BatchJob = message('BatchJob', {
  name: out(text('accounts/{account}/batchJobs/{batchJob}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  startTime: out(timestamp()),
  endTime: out(timestamp()),
  createdBy: out(text()),
  nodePoolId: required(text()),
  environmentId: text('Excludes imageRef.'),
  snapshotId: text('Needs environmentId, excludes imageRef.'),
  imageRef: text('Excludes environmentId and snapshotId.'),
  numRanks: int32('One GPU each in a GPU pool, one host each in a CPU pool.'),
  envVars: map(text()),
  role: text(),
  pythonExecutor: PythonExecutor,
  notebookExecutor: message('NotebookExecutor', { notebookFilename: required(text()) }),
  shellExecutor: message('ShellExecutor', { command: required(text()) }),
  annotations: map(text(), 'Keys below fireworks.ai/ are reserved.'),
  state: out(
    word([
      'STATE_UNSPECIFIED',
      'CREATING',
      'QUEUED',
      'PENDING',
      'RUNNING',
      'COMPLETED',
      'FAILED',
      'CANCELLING',
      'CANCELLED',
      'DELETING',
    ]),
  ),
  status: out(text('Why it is in its state.')),
  shared: bool(),
});

const BatchJobLogsParameters = message('BatchJobLogsParameters', {
  ranks: list(int32()),
  pageSize: int32('Default 100, at most 10000.'),
  pageToken: text(),
  startTime: timestamp(),
  filter: text('Text that entries must hold.'),
  startFromHead: bool('Oldest first. Default: newest first.'),
  readMask: text(),
});

const BatchJobLogs = message('BatchJobLogs', {
  entries: list(message('LogEntry', { logTime: timestamp(), rank: int32(), message: text() })),
  nextPageToken: text(),
});

export const batchJobs = defineResource({
  noun: 'batchJob',
  collection: 'batchJobs',
  parent: 'accounts/{account}',
  schema: BatchJob,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({ idKey: null }),
    update: on.update(),
    delete: on.delete(),
    cancel: on.verb('cancel', { summary: 'Stop a batch job' }),
    getLogs: on.verb('getLogs', {
      httpMethod: 'GET',
      operationId: 'getBatchJobLogs',
      summary: 'Read the logs of a batch job',
      query: BatchJobLogsParameters,
      response: BatchJobLogs,
    }),
    batchDelete: on.collectionVerb('batchDelete', {
      operationId: 'batchDeleteBatchJobs',
      summary: 'Delete several batch jobs',
      body: BatchDeleteRequest,
    }),
  }),
  legalStates: { cancel: ['CREATING', 'QUEUED', 'PENDING', 'RUNNING'] },
});
