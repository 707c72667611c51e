import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { firectl } from '../testing.ts';

interface Health {
  isReady: boolean;
  isKeyGood: boolean;
  skewMs: number;
  models: readonly string[];
}

let health: Health;
let server: Server;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  health = { isReady: true, isKeyGood: true, skewMs: 0, models: ['accounts/fireworks/models/m'] };
  server = createServer(({ url }, response) => {
    response.setHeader('date', new Date(Date.now() + health.skewMs).toUTCString());
    if (url === '/healthz') return response.end('{"status":"ok","version":"1.2.3"}');
    if (url === '/readyz') return response.writeHead(health.isReady ? 200 : 503).end('{}');
    if (!health.isKeyGood) return response.writeHead(401).end('{"error":{"message":"invalid key"}}');
    if (url === '/verifyApiKey')
      return response
        .setHeader('x-fireworks-account-id', 'acme')
        .setHeader('x-fireworks-user-id', 'alice')
        .end('{}');
    return response.end(JSON.stringify({ object: 'list', data: health.models.map((id) => ({ id })) }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  environment = {
    FIREWORKS_API_KEY: 'k',
    FIREWORKS_API_BASE: `http://127.0.0.1:${port}`,
    FIREWORKS_CONFIG_DIR: '/nowhere',
  };
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

it('finds nothing wrong where nothing is', async () => {
  const { code, out } = await firectl(['doctor'], environment);
  expect({ code, out }).toEqual({
    code: 0,
    out: [
      'ok    profile  the key comes from FIREWORKS_API_KEY',
      `ok    server   ${environment.FIREWORKS_API_BASE} (version 1.2.3)`,
      'ok    ready    takes requests',
      'ok    key      belongs to account acme, user alice',
      'ok    clock    agrees with that of the server',
      'ok    models   1 served, among them accounts/fireworks/models/m',
      '',
    ].join('\n'),
  });
});

it.each<[string, Partial<Health>, RegExp]>([
  ['a server that is not ready', { isReady: false }, /^BAD {3}ready/m],
  ['a wrong key', { isKeyGood: false }, /^BAD {3}key .*invalid key/m],
  ['a clock that is off', { skewMs: -300_000 }, /^BAD {3}clock .*s apart/m],
  ['no model', { models: [] }, /^BAD {3}models .*firectl create deployment/m],
])('tells %s, and ends with 1', async (_, ill, shows) => {
  Object.assign(health, ill);
  const { code, out, note } = await firectl(['doctor'], environment);
  expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(shows) });
  expect(note).toMatch(/checks failed/);
});

it('tells that nobody is signed in, and where no server is', async () => {
  const nobody = await firectl(['doctor'], { FIREWORKS_CONFIG_DIR: '/nowhere' });
  expect({ code: nobody.code, out: nobody.out }).toEqual({
    code: 1,
    out: expect.stringMatching(/^BAD {3}profile .*firectl signin/m),
  });
  const gone = await firectl(['doctor', '-o', 'json'], {
    ...environment,
    FIREWORKS_API_BASE: 'http://127.0.0.1:1',
  });
  const found = JSON.parse(gone.out) as { check: string; ok: boolean; detail: string }[];
  expect(found.find(({ check }) => check === 'server')).toMatchObject({
    ok: false,
    detail: expect.stringContaining('cannot reach the server'),
  });
});
