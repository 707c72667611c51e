import { expect, test } from 'vitest';
import { startTestReplica } from './testbed/test-replica.ts';
import { aliceKey, createTestbed, listen, tinySnapshot } from './testbed/testbed.ts';

const answer = { object: 'response_format.check', model: 'tiny', checks: [] };

test('a check of a schema goes to a replica of the model and costs no tokens', async () => {
  const testbed = createTestbed();
  const replica = await startTestReplica((_, response) => {
    const headers = { 'content-type': 'application/json', 'fireworks-unenforced-keywords': 'a#/b' };
    response.writeHead(200, headers).end(JSON.stringify(answer));
  });
  testbed.route(tinySnapshot([replica.socketPath]));
  const server = await listen(testbed);
  try {
    const asked = { model: 'tiny', response_format: { type: 'json_object', schema: { type: 'object' } } };
    for (const base of ['/inference/v1', '/v1']) {
      const response = await fetch(`${server.baseUrl}${base}/response_format/check`, {
        method: 'POST',
        headers: { authorization: `Bearer ${aliceKey}`, 'content-type': 'application/json' },
        body: JSON.stringify(asked),
      });
      expect([response.status, await response.json()]).toEqual([200, answer]);
      expect(response.headers.get('fireworks-unenforced-keywords')).toBe('a#/b');
    }
    expect(replica.received[0]).toMatchObject({
      path: '/v1/response_format/check',
      body: { ...asked, model: 'accounts/fireworks/models/tiny' },
    });
    expect(testbed.usage).toMatchObject([
      { endpoint: 'format-check', promptTokens: 0, completionTokens: 0, status: 200 },
      { endpoint: 'format-check' },
    ]);
  } finally {
    await server.close();
    await replica.kill();
  }
});
