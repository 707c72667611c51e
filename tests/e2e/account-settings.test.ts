import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { type Platform, startPlatform } from './start-platform.ts';

/** What an account decides about how it is served: stop strings in answers, and texts that are stored. */

let platform: Platform;
const model = 'smollm2-135m-instruct';
const messages = [{ role: 'user' as const, content: 'Say something' }];

beforeAll(async () => {
  platform = await startPlatform({ SPARKLER_EXCLUDE_STOP: 'true' });
});
afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

function call(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`${platform.baseUrl}${path}`, {
    method,
    headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

async function setAccount(fields: Record<string, unknown>): Promise<void> {
  const response = await call('PATCH', '/v1/accounts/local', fields);
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject(fields);
}

async function askWhole(stop?: string): Promise<{ text: string; finish: string }> {
  const asked = { model, messages, max_tokens: 24, temperature: 0, ...(stop === undefined ? {} : { stop }) };
  const { choices } = await platform.openai.chat.completions.create(asked);
  return { text: choices[0]!.message.content!, finish: choices[0]!.finish_reason };
}

async function askStream(stop: string): Promise<string> {
  const asked = { model, messages, max_tokens: 24, temperature: 0, stop, stream: true as const };
  let text = '';
  for await (const chunk of await platform.openai.chat.completions.create(asked)) {
    text += chunk.choices[0]?.delta.content ?? '';
  }
  return text;
}

describe('the stop string in answers', () => {
  test('is left out or kept as the server is set, and as the account wants it', async () => {
    const whole = (await askWhole()).text;
    const stop = whole.slice(6, 9);
    const at = whole.indexOf(stop);
    const [without, including] = [whole.slice(0, at), whole.slice(0, at + stop.length)];
    // The server of this test leaves it out; the specification's default is in the guides' own tests.
    expect(await askWhole(stop)).toEqual({ text: without, finish: 'stop' });
    expect(await askStream(stop)).toBe(without);
    await setAccount({ stopText: 'INCLUDED' });
    expect(await askWhole(stop)).toEqual({ text: including, finish: 'stop' });
    expect(await askStream(stop)).toBe(including);
    await setAccount({ stopText: 'EXCLUDED' });
    expect((await askWhole(stop)).text).toBe(without);
    await setAccount({ stopText: 'STOP_TEXT_UNSPECIFIED' });
    expect((await askWhole(stop)).text).toBe(without);
  });
});

describe('stored texts', () => {
  interface Stored {
    readonly request: string;
    readonly answer: string;
  }
  const show = (id: string) => call('GET', `/inference/v1/requests/${id}/text`);
  const send = async (fields: Record<string, unknown> = {}) => {
    const asked = { model, messages, max_tokens: 4, temperature: 0, ...fields };
    const response = await call('POST', '/inference/v1/chat/completions', asked);
    return { asked, id: response.headers.get('x-fireworks-request-id')!, answer: await response.text() };
  };

  test('there are none unless the account asked for them', async () => {
    const { id } = await send();
    const response = await show(id);
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      error: { message: expect.stringContaining('logRequests') },
    });
  });

  test('an account that asked finds prompt and answer, whole or streamed, until it asks no more', async () => {
    await setAccount({ logRequests: true });
    for (const fields of [{}, { stream: true }]) {
      const { asked, id, answer } = await send(fields);
      const stored = await vi.waitFor(async () => {
        const response = await show(id);
        expect(response.status).toBe(200);
        return (await response.json()) as Stored;
      });
      expect(stored).toMatchObject({ request_id: id, endpoint: 'chat', answer });
      expect(JSON.parse(stored.request)).toEqual(asked);
    }
    await setAccount({ logRequests: false });
    const { id } = await send();
    // What came before is stored by now, so this would be too.
    expect((await show(id)).status).toBe(404);
  });
});
