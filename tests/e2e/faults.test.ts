import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Platform, startPlatform } from './start-platform.ts';

/** What callers see when an engine replica is killed, and that it comes back. */

let platform: Platform;
const model = 'smollm2-135m-instruct';
const messages = [{ role: 'user' as const, content: 'Say something' }];

beforeAll(async () => {
  platform = await startPlatform();
});

afterAll(async () => {
  await platform.stop();
  await platform.remove();
});

/** Process ids of the engine replicas that this process started. */
function enginePids(): number[] {
  const lines = execFileSync('ps', ['-e', '-o', 'pid=,ppid=,args='], { encoding: 'utf8' }).split('\n');
  return lines
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter(
      (match) =>
        match !== null && Number(match[2]) === process.pid && match[3]!.includes('engine/src/main.ts'),
    )
    .map((match) => Number(match![1]));
}

function chat(fields: Record<string, unknown>): Promise<Response> {
  return fetch(`${platform.baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, ...fields }),
  });
}

test('kill -9 of the engine ends streams with an error event, later requests with 503, and the replica is back', async () => {
  // Log probabilities make the answers slow: the engine must not be done before the signal reaches it.
  const long = { max_tokens: 6000, ignore_eos: true, stream: true, logprobs: true, top_logprobs: 5 };
  await expect.poll(async () => (await chat({ max_tokens: 4 })).status, { timeout: 30_000 }).toBe(200);
  const [pid] = enginePids();
  const open = await Promise.all([chat(long), chat(long), chat(long)]);
  const readers = open.map((response) => response.body!.getReader());
  await Promise.all(readers.map((reader) => reader.read()));
  process.kill(pid!, 'SIGKILL');
  for (const reader of readers) {
    let text = '';
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      text += Buffer.from(part.value).toString();
    }
    const frames = text.split('\n\n').filter((frame) => frame.startsWith('data:'));
    expect(JSON.parse(frames.at(-1)!.slice(5))).toMatchObject({ error: { code: 'SERVICE_UNAVAILABLE' } });
    expect(text).not.toContain('[DONE]');
  }
  let sawOutage = false;
  await vi.waitFor(
    async () => {
      const response = await chat({ max_tokens: 4 });
      if (response.status === 503) {
        sawOutage = true;
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      }
      expect(response.status).toBe(200);
    },
    { timeout: 30_000, interval: 20 },
  );
  expect(sawOutage).toBe(true);
  expect(enginePids()).toHaveLength(1);
  expect(enginePids()).not.toContain(pid);
});
