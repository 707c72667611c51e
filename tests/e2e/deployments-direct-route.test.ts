import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Fireworks } from '../../packages/sdk/src/index.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/**
 * A deployment's own host name: its own keys and its own models, and nothing else (spec, "Direct routing").
 */

let platform: Platform;
let client: Fireworks;
let account: string;
let handle: string;
const base = 'accounts/fireworks/models/smollm2-135m-instruct';

beforeAll(async () => {
  platform = await startPlatform();
  client = new Fireworks({ apiKey: platform.apiKey, baseURL: platform.baseUrl, retriesMax: 0 });
  account = await client.resources.account();
  const made = await create('direct', { directRouteType: 'INTERNET', directRouteApiKeys: ['one1', 'two2'] });
  handle = made.directRouteHandle;
});
afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

function create(id: string, fields: object) {
  return client.deployments.create({ deployment: { baseModel: base, ...fields }, deploymentId: id } as never);
}

/** A request to the server under another host name, as DNS would bring it there. */
function call(
  host: string,
  path: string,
  key: string,
  body?: object,
): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(platform.baseUrl);
  const headers = {
    host: `${host}:${port}`,
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
  };
  return new Promise((resolve, reject) => {
    const method = body === undefined ? 'GET' : 'POST';
    const asking = request({ hostname, port, path, method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      response.once('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
    });
    asking.once('error', reject);
    asking.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

const asking = { model: base, prompt: 'The sky is', max_tokens: 3, temperature: 0 };
const ask = (host: string, key: string, fields: object = {}) =>
  call(host, '/v1/completions', key, { ...asking, ...fields });

describe('a direct route', () => {
  test('has the documented host name, and its keys are never shown', async () => {
    expect(handle).toBe(`${account}-direct.local.direct.localhost`);
    await expect
      .poll(async () => (await client.deployments.get('direct')).state, { timeout: 30_000, interval: 100 })
      .toBe('READY');
    const shown = await client.deployments.get('direct');
    expect(shown).toMatchObject({ directRouteHandle: handle, directRouteType: 'INTERNET' });
    expect(JSON.stringify(shown)).not.toContain('one1');
  });

  test('answers its own keys, under its name in any case', async () => {
    for (const [host, key] of [
      [handle, 'one1'],
      [handle.toUpperCase(), 'two2'],
    ] as const) {
      const { status, body } = await ask(host, key);
      expect([status, JSON.parse(body).usage?.completion_tokens]).toEqual([200, 3]);
    }
  });

  test('refuses everybody else, and a name that is no route alike', async () => {
    const wrong = await ask(handle, 'three3');
    const nobody = await ask(handle.replace('direct.', 'other.'), 'one1');
    const apiKey = await ask(handle, platform.apiKey);
    expect([wrong.status, nobody.status, apiKey.status]).toEqual([401, 401, 401]);
    expect((await ask('127.0.0.1', 'one1')).status).toBe(401);
  });

  test('serves nothing but its deployment', async () => {
    const made = await create('other', {});
    expect((await ask(handle, 'one1', { model: `${base}#${made.name}` })).status).toBe(403);
    const models = JSON.parse((await call(handle, '/v1/models', 'one1')).body) as { data: { id: string }[] };
    expect(models.data.map(({ id }) => id)).toEqual([base]);
    for (const path of [
      `/v1/accounts/${account}/deployments`,
      '/inference/v1/models',
      '/healthz',
      '/metrics',
    ]) {
      expect((await call(handle, path, 'one1')).status).toBe(404);
    }
  });

  test('takes a new key list at once, and goes with its deployment', async () => {
    await client.deployments.update('direct', { directRouteApiKeys: ['new1'] } as never);
    await expect.poll(async () => (await ask(handle, 'new1')).status, { timeout: 10_000 }).toBe(200);
    expect((await ask(handle, 'one1')).status).toBe(401);
    await client.deployments.update('direct', { description: 'the keys stay' });
    expect((await ask(handle, 'new1')).status).toBe(200);
    // The default of its model is refused while another one serves it too.
    await expect(client.deployments.delete('direct')).rejects.toThrow('default deployment');
    await client.deployments.delete('other');
    await client.deployments.delete('direct');
    await expect.poll(async () => (await ask(handle, 'new1')).status, { timeout: 10_000 }).toBe(401);
  });

  test('is refused when it could not be reached, or by everybody', async () => {
    await expect(create('x', { directRouteType: 'INTERNET' })).rejects.toThrow('keys of its own');
    await expect(create('x', { directRouteApiKeys: ['one1'] })).rejects.toThrow('needs directRouteType');
    await expect(
      create('x', { directRouteType: 'AWS_PRIVATELINK', directRouteApiKeys: ['one1'] }),
    ).rejects.toThrow('private network');
    await expect(
      create('x'.repeat(63), { directRouteType: 'INTERNET', directRouteApiKeys: ['one1'] }),
    ).rejects.toThrow('shorter id');
  });
});
