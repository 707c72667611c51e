import { SupervisedFineTuningJob } from '@sparkler/api/resources';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/** Every field of a fine-tuning job is kept as it was given, made by the server, or refused by name. */

let platform: Platform;
let client: Fireworks;
beforeAll(async () => {
  platform = await startPlatform();
  client = new Fireworks({ apiKey: platform.apiKey, baseURL: platform.baseUrl });
});
afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

const base = 'accounts/fireworks/models/smollm2-135m-instruct';

interface Outcome {
  readonly give: unknown;
  /** What it reads as afterwards, or why it is refused. */
  readonly keeps?: unknown;
  readonly refused?: string;
}

/** Fields that callers set. */
const inputs: Record<string, readonly Outcome[]> = {
  displayName: [{ give: 'My job', keeps: 'My job' }],
  dataset: [{ give: 'data', keeps: expect.stringMatching(/^accounts\/\w+\/datasets\/data$/) }],
  outputModel: [
    { give: 'out', keeps: expect.stringMatching(/\/models\/out$/) },
    { give: '', keeps: expect.stringMatching(/\/models\/field-/) },
  ],
  baseModel: [
    { give: 'smollm2-135m-instruct', keeps: base },
    { give: '', refused: 'exactly one of baseModel and warmStartFrom' },
    { give: 'nothing', refused: 'no model' },
  ],
  warmStartFrom: [{ give: base, refused: 'exactly one of baseModel and warmStartFrom' }],
  jinjaTemplate: [{ give: '{{ messages }}', keeps: '{{ messages }}' }],
  earlyStop: [{ give: true, keeps: true }],
  epochs: [
    { give: 1.5, keeps: 1.5 },
    { give: 0, keeps: 1 },
    { give: 101, refused: 'at most 100' },
    { give: -1, refused: 'epochs' },
  ],
  learningRate: [
    { give: 0.001, keeps: 0.001 },
    { give: 2, refused: 'at most 1' },
  ],
  learningRateWarmupSteps: [{ give: 7, keeps: 7 }],
  optimizerWeightDecay: [{ give: 0.01, keeps: 0.01 }],
  maxContextLength: [
    { give: 4096, keeps: 4096 },
    { give: 0, keeps: 8192 },
    { give: 8, refused: 'at least 16' },
    { give: 8193, refused: 'the context of accounts/fireworks/models/smollm2-135m-instruct is 8192' },
  ],
  loraRank: [
    { give: 64, keeps: 64 },
    { give: 0, keeps: 8 },
    { give: 128, refused: 'must be one of 1, 2, 4, 8, 16, 32, 64' },
    { give: 7, refused: 'must be one of' },
  ],
  batchSize: [
    { give: 1024, keeps: 1024 },
    { give: 3, refused: 'at least 16' },
  ],
  batchSizeSamples: [{ give: 4, refused: 'batches are measured in tokens' }],
  gradientAccumulationSteps: [{ give: 3, keeps: 3 }],
  evaluationDataset: [{ give: 'other', keeps: expect.stringMatching(/\/datasets\/other$/) }],
  evalAutoCarveout: [
    { give: undefined, keeps: true },
    { give: false, keeps: false },
    { give: true, keeps: true },
  ],
  isTurbo: [
    { give: false, keeps: false },
    { give: true, refused: 'several GPUs' },
  ],
  region: [{ give: 'US_IOWA_1', refused: 'no regions' }],
  nodes: [
    { give: 1, keeps: 1 },
    { give: 2, refused: 'a cluster' },
  ],
  mtpEnabled: [{ give: true, refused: 'multi-token-prediction' }],
  mtpNumDraftTokens: [{ give: 2, refused: 'multi-token-prediction' }],
  mtpFreezeBaseModel: [{ give: true, refused: 'multi-token-prediction' }],
  hiddenStatesGenConfig: [{ give: { maxTokens: 5 }, refused: 'hidden states' }],
  wandbConfig: [
    {
      give: { enabled: true, apiKey: 'k', project: 'p', entity: 'e', runId: 'r' },
      keeps: { enabled: true, project: 'p', entity: 'e', runId: 'r', url: '' },
    },
    // As firectl sends it for --wandb-api-key without --wandb.
    { give: { apiKey: 'k' }, keeps: { enabled: true, project: '', entity: '', runId: '', url: '' } },
    { give: { enabled: true }, refused: 'wandbConfig.apiKey' },
  ],
  awsS3Config: [{ give: { iamRoleArn: 'arn' }, refused: 'from datasets' }],
  azureBlobStorageConfig: [{ give: { credentialsSecret: 's' }, refused: 'from datasets' }],
  usePurpose: [{ give: 'research', refused: 'not reserved' }],
  metricsFileSignedUrl: [{ give: 'https://example.com', refused: 'made by the server' }],
};

/** Fields that the server makes. */
const outputs = {
  name: expect.stringMatching(/supervisedFineTuningJobs\/field-outputs$/),
  createTime: expect.stringMatching(/Z$/),
  updateTime: expect.stringMatching(/Z$/),
  completedTime: null,
  createdBy: expect.any(String),
  state: 'JOB_STATE_CREATING',
  status: { code: 'OK', message: '' },
  trainerLogsSignedUrl: expect.stringContaining('/trainer.log?'),
  estimatedCost: { currencyCode: 'USD', units: '0', nanos: 0 },
  jobProgress: expect.objectContaining({ percent: 0 }),
};

const create = (id: string, fields: object) =>
  client.supervisedFineTuningJobs.create({
    supervisedFineTuningJob: { dataset: 'data', baseModel: base, ...fields } as never,
    supervisedFineTuningJobId: id,
  });

test('the tables have every field of the contract', () => {
  const known = [...Object.keys(inputs), ...Object.keys(outputs)].sort();
  expect(known).toEqual(Object.keys(SupervisedFineTuningJob.properties).sort());
});

describe('a field', () => {
  const cases = Object.entries(inputs).flatMap(([field, all]) =>
    all.map((outcome, index) => ({ field, outcome, id: `field-${field.toLowerCase()}-${index}` })),
  );
  test.each(cases)('$id: $outcome', async ({ field, outcome, id }) => {
    const made = create(id, { [field]: outcome.give });
    if (outcome.refused !== undefined) return expect(made).rejects.toThrow(outcome.refused);
    expect(((await made) as unknown as Record<string, unknown>)[field]).toEqual(outcome.keeps);
  });
});

test('output fields are made, and a caller cannot set them', async () => {
  const given = Object.fromEntries(Object.keys(outputs).map((field) => [field, undefined]));
  expect(await create('field-outputs', { ...given, state: 'JOB_STATE_COMPLETED' })).toMatchObject(outputs);
});
