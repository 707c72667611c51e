import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/**
 * On-demand deployments through the SDK: created, queried by every kind of name, scaled, deleted, brought
 * back.
 */

let platform: Platform;
let client: Fireworks;
let account: string;
const base = 'accounts/fireworks/models/smollm2-135m-instruct';

beforeAll(async () => {
  platform = await startPlatform();
  client = new Fireworks({ apiKey: platform.apiKey, baseURL: platform.baseUrl, retriesMax: 5 });
  account = await client.resources.account();
});
afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

async function waitForState(name: string, state: string): Promise<void> {
  await expect
    .poll(async () => (await client.deployments.get(name)).state, { timeout: 30_000, interval: 100 })
    .toBe(state);
}

function ask(model: string) {
  const messages = [{ role: 'user' as const, content: 'Say something' }];
  // Greedy: a sampled answer may be over before its fourth token.
  return client.chat.completions.create({ model, messages, max_tokens: 4, temperature: 0 });
}

describe('a deployment', () => {
  test('is checked before it is made', async () => {
    const create = (deployment: object) => client.deployments.create({ deployment: deployment as never });
    await expect(create({})).rejects.toThrow('baseModel');
    await expect(create({ baseModel: 'no-such-model' })).rejects.toThrow('no model');
    await expect(create({ baseModel: base, minReplicaCount: 3, maxReplicaCount: 2 })).rejects.toThrow(
      'maxReplicaCount',
    );
    await expect(
      create({ baseModel: base, autoscalingPolicy: { scaleToZeroWindow: '60s' } }),
    ).rejects.toThrow('at least 5m');
    const loadTargets = { happiness: 1 };
    await expect(create({ baseModel: base, autoscalingPolicy: { loadTargets } })).rejects.toThrow(
      'happiness',
    );
    await expect(create({ baseModel: base, acceleratorType: 'NVIDIA_H100_80GB' })).rejects.toThrow(
      'processor',
    );
    await expect(create({ baseModel: base, ngramSpeculationLength: 3 })).rejects.toThrow('draftTokenCount');
    const checked = await client.deployments.create({
      deployment: { baseModel: base },
      validateOnly: 'true',
    } as never);
    expect(checked.baseModel).toBe(base);
    const all: string[] = [];
    for await (const { name } of client.deployments.list()) all.push(name);
    expect(all).toEqual([]);
  });

  test('answers under its own names once READY', async () => {
    const made = await client.deployments.create({
      deployment: { baseModel: base, displayName: 'mine' },
      deploymentId: 'mine',
    } as never);
    expect(made).toMatchObject({ name: `accounts/${account}/deployments/mine`, state: 'CREATING' });
    await waitForState('mine', 'READY');
    const [deployed] = (await client.deployedModels.list()).items;
    expect(deployed).toMatchObject({ model: base, deployment: made.name, default: true });
    for (const model of [
      `${base}#${made.name}`,
      `fireworks/smollm2-135m-instruct#${account}/mine`,
      deployed!.name,
    ]) {
      expect((await ask(model)).usage.completion_tokens).toBe(4);
    }
    const { deployedModelRefs } = await client.models.get(base);
    expect(deployedModelRefs.map((ref) => ref.deployment)).toContain(made.name);
  });

  test('scales, and changes only what is named', async () => {
    await client.deployments.update('mine', { maxReplicaCount: 2, description: 'two at most' });
    await client.deployments.scale('mine', { replicaCount: 2 });
    await expect
      .poll(async () => (await client.deployments.get('mine')).replicaStats?.readyReplicaCount, {
        timeout: 30_000,
      })
      .toBe(2);
    expect(await client.deployments.get('mine')).toMatchObject({
      displayName: 'mine',
      description: 'two at most',
    });
    await expect(client.deployments.scale('mine', { replicaCount: 5 })).rejects.toThrow('maxReplicaCount');
    await client.deployments.scale('mine', { replicaCount: 0 });
    await expect
      .poll(async () => (await client.deployments.get('mine')).replicaCount, { timeout: 30_000 })
      .toBe(0);
    // Asleep: the next request wakes it, waits, and gets its answer.
    expect((await ask(`${base}#accounts/${account}/deployments/mine`)).usage.completion_tokens).toBe(4);
  });

  test('asleep, is woken once by a burst, and tells each request where it stands', async () => {
    await client.deployments.scale('mine', { replicaCount: 0 });
    await expect
      .poll(async () => (await client.deployments.get('mine')).replicaCount, { timeout: 30_000 })
      .toBe(0);
    const model = `${base}#accounts/${account}/deployments/mine`;
    const body = JSON.stringify({ model, prompt: 'hello', max_tokens: 4, temperature: 0, stream: true });
    const headers = { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' };
    const answers = await Promise.all(
      Array.from({ length: 12 }, async () => {
        const url = `${platform.baseUrl}/inference/v1/completions`;
        const response = await fetch(url, { method: 'POST', headers, body });
        return { position: response.headers.get('x-queue-position'), text: await response.text() };
      }),
    );
    const positions = answers.map(({ position }) => Number(position)).sort((a, b) => a - b);
    expect(positions).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    for (const { text } of answers) {
      expect(text).toMatch(/^: waiting for \S+ to start \(it is asleep.*\), position \d+$/m);
      expect(text).toContain('[DONE]');
    }
    expect((await client.deployments.get('mine')).desiredReplicaCount).toBe(1);
  });

  test('tells how it is used', async () => {
    const read = async (query: object) =>
      (await client.deployments.metrics('mine', query as never)).metrics as Record<string, number>;
    // Usage is stored in batches, a moment after the answers.
    await expect
      .poll(async () => (await read({ timeRange: '1h' })).request_count, { timeout: 15_000 })
      .toBeGreaterThanOrEqual(16);
    const metrics = await read({ timeRange: '1h' });
    expect(metrics).toMatchObject({ error_count: 0, ready_replicas: 1 });
    expect(metrics.completion_tokens).toBe(4 * metrics.request_count!);
    expect(metrics.latency_overall_ms_p99).toBeGreaterThanOrEqual(metrics.latency_overall_ms_p50!);
    await expect(read({ timeRange: 'soon' })).rejects.toThrow('at most 31d');
  });

  test('goes when deleted, and comes back when undeleted', async () => {
    await client.deployments.delete('mine');
    await waitForState('mine', 'DELETED');
    await expect(ask(`${base}#accounts/${account}/deployments/mine`)).rejects.toThrow();
    const listed = await client.deployments.list();
    expect(listed.items).toEqual([]);
    expect((await client.deployments.list({ showDeleted: true } as never)).items).toHaveLength(1);
    await client.deployments.undelete('mine');
    await waitForState('mine', 'READY');
    expect((await ask(`${base}#accounts/${account}/deployments/mine`)).usage.completion_tokens).toBe(4);
  });
});

describe('a suspended account', () => {
  /** Status and text of a call of the control plane or of inference. */
  async function call(key: string, method: string, path: string, body?: object, more: RequestInit = {}) {
    const response = await fetch(platform.baseUrl + path, {
      method,
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...more,
    });
    return { status: response.status, text: await response.text() };
  }

  test('has its replicas stopped and its requests refused, and both come back when it is lifted', async () => {
    const operate = async (method: string, path: string, body: object) => {
      const { status, text } = await call(platform.apiKey, method, `/v1/accounts${path}`, body);
      expect(status, text).toBe(200);
      return JSON.parse(text);
    };
    const email = 'owner@debtor.test';
    await operate('POST', '?accountId=debtor&creditUsd=0', { email, paymentMethod: 'MANUAL' });
    const user = await operate('POST', '/debtor/users?userId=owner', { email, role: 'admin' });
    const { key } = await operate('POST', `${user.name.slice('accounts'.length)}/apiKeys`, { apiKey: {} });
    const deployments = '/v1/accounts/debtor/deployments';
    const ready = async () => {
      const { text } = await call(key, 'GET', `${deployments}/owing`);
      const { replicaStats, replicaCount } = JSON.parse(text);
      return { ready: replicaStats?.readyReplicaCount ?? 0, all: replicaCount ?? 0 };
    };
    const messages = [{ role: 'user', content: 'Say something' }];
    const model = `${base}#accounts/debtor/deployments/owing`;
    // One that waits for a replica that is just being stopped is given up; the next one is told.
    const chat = () => {
      const body = { model, messages, max_tokens: 4, temperature: 0 };
      const signal = AbortSignal.timeout(10_000);
      return call(key, 'POST', '/inference/v1/chat/completions', body, { signal });
    };
    const wait = { timeout: 60_000, interval: 100 };

    await expect.poll(async () => (await call(key, 'GET', deployments)).status, wait).toBe(200);
    const deployment = { baseModel: base, minReplicaCount: 1 };
    expect(await call(key, 'POST', `${deployments}?deploymentId=owing`, deployment)).toMatchObject({
      status: 200,
    });
    await expect.poll(ready, wait).toEqual({ ready: 1, all: 1 });
    await expect.poll(async () => (await chat()).status, wait).toBe(200);

    // Without a way to pay only credit can be spent, and it has none.
    const stopped = await operate('PATCH', '/debtor', { paymentMethod: 'NONE' });
    expect(stopped.suspendState).toBe('CREDIT_DEPLETED');
    await expect.poll(async () => (await chat()).status, wait).toBe(402);
    await expect.poll(ready, wait).toEqual({ ready: 0, all: 0 });
    expect((await chat()).text).toContain('add credit or a payment method');
    const another = await call(key, 'POST', `${deployments}?deploymentId=more`, deployment);
    expect(another).toMatchObject({ status: 400, text: expect.stringContaining('is suspended') });

    await operate('POST', '/debtor:grantCredit', { amountUsd: '5' });
    await expect.poll(ready, wait).toEqual({ ready: 1, all: 1 });
    await expect.poll(async () => (await chat()).status, wait).toBe(200);
  });
});
