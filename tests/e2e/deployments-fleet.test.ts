import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/**
 * A simulated fleet behind the whole server: regions, quotas, reservations, capacity. The engines are real.
 */

const base = 'accounts/fireworks/models/smollm2-135m-instruct';
const h100 = 'NVIDIA_H100_80GB';
const pool = (type: string, count: number) => ({ type, count, memoryGb: 80, coldStartMs: 100, quota: 4 });
const fleet = {
  regions: [
    { region: 'US_VIRGINIA_2', launchStatus: 'GENERALLY_AVAILABLE', accelerators: [pool(h100, 16)] },
    {
      region: 'US_ILLINOIS_2',
      launchStatus: 'GENERALLY_AVAILABLE',
      accelerators: [pool('NVIDIA_A100_80GB', 8)],
    },
    { region: 'US_IOWA_1', launchStatus: 'ENTERPRISE_ONLY', accelerators: [pool(h100, 8)] },
  ],
  stockOuts: [{ region: 'US_ILLINOIS_2', type: 'NVIDIA_A100_80GB', count: 8, fromMs: 0, untilMs: 3_600_000 }],
};

let folder: string;
let platform: Platform;
let client: Fireworks;
let account: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-fleet-'));
  const file = join(folder, 'fleet.json');
  await writeFile(file, JSON.stringify(fleet));
  platform = await startPlatform({ SPARKLER_FLEET: file });
  client = new Fireworks({ apiKey: platform.apiKey, baseURL: platform.baseUrl, retriesMax: 0 });
  account = await client.resources.account();
});
afterAll(async () => {
  await platform.stop();
  await platform.remove();
  await rm(folder, { recursive: true });
});

function create(id: string, fields: object, query: object = {}) {
  const deployment = { baseModel: base, ...fields };
  return client.deployments.create({ deployment, deploymentId: id, ...query } as never);
}

const inState = (id: string, state: string) =>
  expect
    .poll(async () => (await client.deployments.get(id)).state, { timeout: 30_000, interval: 100 })
    .toBe(state);

const readQuota = async (id: string) => {
  const quotas = await client.quotas.list({ pageSize: 200 } as never);
  return quotas.items.find(({ name }) => name === `accounts/${account}/quotas/${id}`);
};

describe('a fleet', () => {
  test('refuses what it lacks, and shows the arithmetic', async () => {
    await expect(create('x', { acceleratorType: 'NVIDIA_B200_180GB' })).rejects.toThrow('no region has it');
    const inIllinois = { acceleratorType: h100, placement: { region: 'US_ILLINOIS_2' } };
    await expect(create('x', inIllinois)).rejects.toThrow('it is in US_VIRGINIA_2, US_IOWA_1');
    const inIowa = { acceleratorType: h100, placement: { region: 'US_IOWA_1' } };
    await expect(create('x', inIowa)).rejects.toThrow('reserve capacity there first');
    const many = { acceleratorType: h100, acceleratorCount: 2, minReplicaCount: 3 };
    await expect(create('x', many)).rejects.toThrow(`3 x 2 ${h100} = 6 > quota 4 + 0 reserved`);
    const tooMany = { acceleratorType: h100, acceleratorCount: 17 };
    await expect(create('x', tooMany)).rejects.toThrow('17 wanted, but there are 16');
  });

  test('places a deployment in a region, which stays, and counts it against its quota', async () => {
    const made = await create('placed', { acceleratorType: h100, minReplicaCount: 1, acceleratorCount: 3 });
    expect(made).toMatchObject({ region: 'US_VIRGINIA_2', acceleratorCount: 3 });
    await inState('placed', 'READY');
    expect(await readQuota('h100-us-virginia-2')).toMatchObject({ value: '4', maxValue: '4', usage: 3 });
    const model = `${base}#${made.name}`;
    const answer = await platform.openai.completions.create({
      model,
      prompt: 'hi',
      max_tokens: 3,
      temperature: 0,
    });
    expect(answer.usage?.completion_tokens).toBe(3);
  });

  test('lets a deployment wait for what is out of stock, and says so', async () => {
    await create('waiting', {});
    const reason = 'NVIDIA_A100_80GB - 0 in use - 8 out of stock = 0 free';
    await expect
      .poll(async () => (await client.deployments.get('waiting')).status?.message, { timeout: 30_000 })
      .toContain(reason);
    expect(await client.deployments.get('waiting')).toMatchObject({
      state: 'CREATING',
      region: 'US_ILLINOIS_2',
    });
    await client.deployments.delete('waiting', { ignoreChecks: true } as never);
  });

  test('keeps what is reserved, which goes beyond the quota and is used first', async () => {
    const startTime = new Date(Date.now() - 60_000).toISOString();
    const wanted = { region: 'US_IOWA_1', acceleratorType: h100, reservedCount: 8, startTime };
    const made = await client.reservations.create({ reservation: wanted, reservationId: 'iowa' } as never);
    expect(made).toMatchObject({ name: `accounts/${account}/reservations/iowa`, reservedCount: 8 });
    expect(Date.parse(made.endTime!) - Date.parse(startTime)).toBeGreaterThan(364 * 24 * 3_600_000);
    expect((await client.reservations.list()).items.map(({ name }) => name)).toEqual([made.name]);
    expect((await client.reservations.get('iowa')).endTime).toBe(made.endTime);
    const again = client.reservations.create({ reservation: wanted } as never);
    await expect(again).rejects.toThrow('8 reserved + 8 wanted > 8');
    // Of two regions that have it, the one with the reservation is chosen.
    const placed = await create('kept', { acceleratorType: h100, acceleratorCount: 6, minReplicaCount: 1 });
    expect(placed.region).toBe('US_IOWA_1');
    await inState('kept', 'READY');
    expect(await readQuota('h100-us-iowa-1')).toMatchObject({ usage: 0 });
  });
});
