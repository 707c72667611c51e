import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { findReplicaOf, listReadyReplicas } from './engine-pool.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/** What callers notice while a deployment's replicas come and go: nothing. */

let platform: Platform;
let client: Fireworks;
let name: string;
let model: string;
const base = 'accounts/fireworks/models/smollm2-135m-instruct';
const soon = { timeout: 90_000, interval: 100 };

beforeAll(async () => {
  platform = await startPlatform();
  client = new Fireworks({ apiKey: platform.apiKey, baseURL: platform.baseUrl, retriesMax: 5 });
  name = `accounts/${await client.resources.account()}/deployments/live`;
  model = `${base}#${name}`;
  const deployment = { baseModel: base, minReplicaCount: 1, maxReplicaCount: 3, enableSessionAffinity: true };
  await client.deployments.create({ deployment, deploymentId: 'live' } as never);
  await client.deployments.scale('live', { replicaCount: 2 });
  await vi.waitFor(async () => expect(await listReadyReplicas(platform, name)).toHaveLength(2), soon);
});
afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

function post(body: object, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return fetch(`${platform.baseUrl}/inference/v1/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model, prompt: 'go on', temperature: 0, ignore_eos: true, ...body }),
  });
}

const sessions = Array.from({ length: 40 }, (_, index) => `session ${index}`);

/** Which replica answers each session. */
async function askSessions(by: 'header' | 'user'): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const ask = async (session: string): Promise<void> => {
    const answer =
      by === 'header'
        ? await post({ max_tokens: 1 }, { 'x-session-affinity': session })
        : await post({ max_tokens: 1, user: session });
    expect(answer.status, await answer.text()).toBe(200);
    found[session] = await findReplicaOf(platform, answer.headers.get('x-fireworks-request-id')!);
  };
  // Few at a time: a replica that is full sends sessions elsewhere.
  for (let index = 0; index < sessions.length; index += 4) {
    await Promise.all(sessions.slice(index, index + 4).map(ask));
  }
  return found;
}

/** Once all `count` replicas take part: which one answers each session, the same asked twice. */
async function settleSessions(count: number): Promise<Record<string, string>> {
  return vi.waitFor(async () => {
    const first = await askSessions('header');
    expect(new Set(Object.values(first)).size).toBe(count);
    expect(await askSessions('user')).toEqual(first);
    return first;
  }, soon);
}

test('a session stays on its replica; one that comes takes its own share, one that goes gives it back', async () => {
  const withTwo = await settleSessions(2);
  const old = new Set(Object.values(withTwo));
  await client.deployments.scale('live', { replicaCount: 3 });
  const withThree = await settleSessions(3);
  for (const session of sessions) {
    if (old.has(withThree[session]!)) expect(withThree[session]).toBe(withTwo[session]);
  }
  // The youngest goes first.
  await client.deployments.scale('live', { replicaCount: 2 });
  await vi.waitFor(async () => expect(await listReadyReplicas(platform, name)).toHaveLength(2), soon);
  expect(await settleSessions(2)).toEqual(withTwo);
}, 300_000);

interface Load {
  readonly problems: string[];
  /** Resolves when so many more requests have ended. */
  more(count: number): Promise<void>;
  stop(): Promise<void>;
}

/** Four callers that stream one answer after the other. */
function startLoad(): Load {
  const problems: string[] = [];
  let ended = 0;
  let stopped = false;
  async function askOnce(): Promise<void> {
    try {
      const answer = await post({ stream: true, max_tokens: 200 });
      const text = await answer.text();
      const isWhole = text.includes('"finish_reason":"length"') && text.trimEnd().endsWith('data: [DONE]');
      if (answer.status !== 200 || !isWhole) problems.push(`${answer.status} ${text.slice(-500)}`);
    } catch (error) {
      problems.push(String(error));
    }
    ended++;
  }
  const callers = Array.from({ length: 4 }, async () => {
    while (!stopped) await askOnce();
  });
  return {
    problems,
    async more(count) {
      const goal = ended + count;
      await vi.waitFor(() => expect(ended).toBeGreaterThanOrEqual(goal), soon);
    },
    async stop() {
      stopped = true;
      await Promise.all(callers);
    },
  };
}

/** All that serve are others than before, as many as wanted. */
async function untilReplaced(old: readonly string[], count: number): Promise<void> {
  await vi.waitFor(async () => {
    const ready = await listReadyReplicas(platform, name);
    expect(ready).toHaveLength(count);
    expect(ready.filter((id) => old.includes(id))).toEqual([]);
  }, soon);
}

test('replicas are replaced, and scaled away, without a lost request', async () => {
  const load = startLoad();
  await load.more(8);
  const first = await listReadyReplicas(platform, name);
  expect(first).toHaveLength(2);
  // Replicas with another cache are other replicas.
  await client.deployments.update('live', { maxContextLength: 4_096 });
  await untilReplaced(first, 2);
  await load.more(8);
  await client.deployments.scale('live', { replicaCount: 1 });
  await vi.waitFor(async () => expect(await listReadyReplicas(platform, name)).toHaveLength(1), soon);
  await load.more(8);
  const [last = ''] = await listReadyReplicas(platform, name);
  await client.deployments.update('live', { maxContextLength: 2_048 });
  await untilReplaced([last], 1);
  await load.more(8);
  await load.stop();
  const broken = platform.logLines.filter((line) => line.includes('broke off'));
  expect([...load.problems, ...broken]).toEqual([]);
}, 300_000);
