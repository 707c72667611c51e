import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { answerText, startTestReplica, type TestReplica } from '../inference/testbed/test-replica.ts';
import { aliceKey, createTestbed, listen, type Testbed, tinySnapshot } from '../inference/testbed/testbed.ts';

/** What operators can follow a request by, and that nothing of it is in there. */

const secret = 'xylophone-brandy';
let testbed: Testbed;
let replica: TestReplica;
let server: { baseUrl: string; close(): Promise<void> };
beforeEach(async () => {
  testbed = createTestbed();
  replica = await startTestReplica(answerText(secret));
  testbed.route(tinySnapshot([replica.socketPath]));
  server = await listen(testbed);
});
afterEach(async () => {
  await server.close();
  await replica.kill();
});

const send = (path: string, key: string, body?: object) =>
  fetch(server.baseUrl + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  }).then((response) => response.text());

const linesOf = (text: string) =>
  testbed.logLines.filter((line) => line.trimEnd().endsWith(`:"${text}"}`)).map((line) => JSON.parse(line));

test('a served request is a line with its ids, its account, its tokens and how it ended', async () => {
  const messages = [{ role: 'user', content: secret }];
  expect(await send('/inference/v1/chat/completions', aliceKey, { model: 'tiny', messages })).toContain(
    secret,
  );
  await vi.waitFor(() => expect(linesOf('served')).toHaveLength(1));
  expect(linesOf('served')[0]).toMatchObject({
    requestId: 'request-1',
    account: 'alice',
    user: 'accounts/alice/users/alice',
    model: 'accounts/fireworks/models/tiny',
    status: 200,
    promptTokens: 7,
    completionTokens: 3,
  });
  expect(testbed.logLines.join('')).not.toContain(secret);
});

test('any other request is a line with its route, not with what was asked for', async () => {
  await send(`/verifyApiKey?x=${secret}`, aliceKey);
  await send(`/verifyApiKey?x=${secret}`, secret);
  await vi.waitFor(() => expect(linesOf('answered')).toHaveLength(2));
  expect(linesOf('answered')).toMatchObject([
    { account: 'alice', method: 'GET', route: '/verifyApiKey', status: 200 },
    { account: null, method: 'GET', route: '/verifyApiKey', status: 401 },
  ]);
  expect(testbed.logLines.join('')).not.toContain(secret);
});
