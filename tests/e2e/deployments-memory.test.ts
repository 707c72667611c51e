import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firectl } from '../../packages/cli/src/testing.ts';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/** A host that gives replicas so little memory that two of them fit: the model of the first start is one. */

let platform: Platform;
let client: Fireworks;
let account: string;
let folder: string;
const base = 'accounts/fireworks/models/smollm2-135m-instruct';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-memory-'));
  const catalogue = join(folder, 'catalogue.json');
  await writeFile(catalogue, JSON.stringify([largeModel]));
  // A scripted replica is promised 101 MB.
  platform = await startPlatform({ SPARKLER_ENGINE_MEMORY_MB: '250', SPARKLER_CATALOGUE: catalogue });
  client = new Fireworks({ apiKey: platform.apiKey, baseURL: platform.baseUrl, retriesMax: 5 });
  account = await client.resources.account();
});
afterAll(async () => {
  await platform.stop();
  await platform.remove();
  await rm(folder, { recursive: true });
});

const largeModel = {
  name: 'large',
  displayName: 'Large',
  aliases: [],
  quantization: null,
  chatTemplate: null,
  supportsTools: false,
  kind: 'chat',
  format: 'gguf',
  parameters: 70e9,
  contextTokens: 8_192,
  priceClass: 'text-over-16b',
  licence: { name: 'Apache-2.0', url: 'https://example.org', gated: false },
  files: [{ path: 'large.gguf', sha256: '0'.repeat(64), sizeBytes: 1 }],
  sources: [{ kind: 'folder', path: '/nowhere' }],
};

async function create(deploymentId: string, deployment: object): Promise<void> {
  await client.deployments.create({ deployment, deploymentId } as never);
}

const poll = (read: () => Promise<unknown>) => expect.poll(read, { timeout: 60_000, interval: 100 });

test('a replica that does not fit waits and shows the sum; it starts when there is room', async () => {
  await create('mine', { baseModel: base, minReplicaCount: 2, maxReplicaCount: 2 });
  const read = async () => {
    const { state, status, replicaStats } = await client.deployments.get('mine');
    return { state, message: status?.message, ready: replicaStats?.readyReplicaCount };
  };
  await poll(read).toEqual({
    state: 'READY',
    ready: 1,
    message:
      'waiting for capacity: this host: a replica needs 101 MB (101 MB scratch), and 250 MB for replicas' +
      ' - 201 MB promised to 2 replicas = 48.7 MB is free',
  });

  await create('other', { baseModel: base });
  await poll(async () => (await client.deployments.get('other')).status?.message).toMatch(
    /^waiting for capacity: this host: a replica needs 101 MB/,
  );
  await client.deployments.update('mine', { minReplicaCount: 0 });
  await client.deployments.scale('mine', { replicaCount: 0 });
  await poll(async () => (await client.deployments.get('other')).state).toBe('READY');
});

test('an operator sees the host and who was promised what of it', async () => {
  const environment = {
    FIREWORKS_API_KEY: platform.apiKey,
    FIREWORKS_API_BASE: platform.baseUrl,
    FIREWORKS_CONFIG_DIR: join(folder, 'config'),
  };
  const list = async () => {
    const { out } = await firectl(['list-hosts', '-o', 'json'], environment);
    const [host] = (JSON.parse(out) as { hosts: { replicas: object[] }[] }).hosts;
    return host;
  };
  // Noted every few seconds.
  const replica = { memoryBytes: '100663296', memoryArithmetic: '101 MB (101 MB scratch)', state: 'ready' };
  await poll(list).toMatchObject({
    replicaMemoryBytes: '250000000',
    promisedBytes: '201326592',
    replicas: [
      { ...replica, deployment: 'accounts/fireworks/deployments/smollm2-135m-instruct' },
      { ...replica, deployment: `accounts/${account}/deployments/other` },
    ],
  });
  const { out } = await firectl(['list-hosts'], environment);
  expect(out).toMatch(/Core Count: \d+/);
  expect(out).toContain('101 MB (101 MB scratch)');
});

test('a model that can never fit is refused, unless the caller insists', async () => {
  const baseModel = 'accounts/fireworks/models/large';
  await expect(create('large', { baseModel })).rejects.toThrow(
    'does not fit: 70 billion parameters x at least 0.5 bytes = 35 GB > 250 MB',
  );
  const checked = { baseModel, disableDeploymentSizeValidation: true };
  await client.deployments.create({ deployment: checked, validateOnly: 'true' } as never);
});
