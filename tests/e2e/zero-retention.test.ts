import { mkdtempSync, readdirSync, readFileSync, rmSync, type Stats, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Platform, startPlatform } from './start-platform.ts';

/**
 * No prompt and no completion stays anywhere: not in logs, the database, spools, crash reports or temporary
 * files.
 */

let platform: Platform;
let startMs: number;
const model = 'smollm2-135m-instruct';
// Letters that occur nowhere else; split so that this file's own text is no match.
const marker = ['zebra', 'quartz', 'oboe', 'mango'].join('-');

// A folder for temporary files of this run alone: the machine's may hold gigabytes of other programs.
const temporary = mkdtempSync(join(tmpdir(), 'sparkler-retention-'));

beforeAll(async () => {
  process.env.TMPDIR = temporary;
  startMs = Date.now();
  platform = await startPlatform();
});

afterAll(async () => {
  await platform.remove();
  rmSync(temporary, { recursive: true, force: true });
});

/** A run of this test writes nothing near this size; other programs on the machine may. */
const FILE_BYTES_MAX = 256 * 1024 * 1024;

/** Files below a folder that were written since the test began and hold these bytes. */
function filesWith(folder: string, bytes: Buffer): string[] {
  const entries = unlessGone(() => readdirSync(folder, { withFileTypes: true })) ?? [];
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return filesWith(path, bytes);
    if (!entry.isFile()) return [];
    const isOurs = ({ mtimeMs, size }: Stats) => mtimeMs >= startMs - 1_000 && size < FILE_BYTES_MAX;
    const holds = unlessGone(() => isOurs(statSync(path)) && readFileSync(path).includes(bytes));
    return holds === true ? [path] : [];
  });
}

/** Other programs delete their temporary files while we look, and some are not for us to read. */
function unlessGone<T>(look: () => T): T | null {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

/** Requests of every kind, good and bad, each with the marker in its text. */
async function sendMarked(): Promise<string[]> {
  const send = async (path: string, body: string) => {
    const response = await fetch(`${platform.baseUrl}/inference/v1${path}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${platform.apiKey}`,
        'content-type': 'application/json',
      },
      body,
    });
    return await response.text();
  };
  const messages = [{ role: 'user', content: marker }];
  const chat = (fields: object) => send('/chat/completions', JSON.stringify({ model, messages, ...fields }));
  const answers = [
    await chat({ max_tokens: 32, temperature: 0 }),
    await chat({ max_tokens: 32, temperature: 0, stream: true }),
    await chat({ max_tokens: 32, echo: true }),
    await send('/completions', JSON.stringify({ model, prompt: marker, max_tokens: 8, echo: true })),
    // Failures must not leak either: their messages go to the caller, never to the log.
    await chat({ temperature: marker }),
    await chat({ [marker]: 1 }),
    await chat({ model: marker }),
    await send('/chat/completions', `{"messages": "${marker}`),
    await send('/embeddings', JSON.stringify({ model, input: marker })),
  ];
  const controller = new AbortController();
  const aborted = fetch(`${platform.baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${platform.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, stream: true, max_tokens: 4000, ignore_eos: true }),
    signal: controller.signal,
  });
  await (await aborted).body!.getReader().read();
  controller.abort();
  return answers;
}

test('marked prompts and their completions are nowhere after a run', async () => {
  const answers = await sendMarked();
  const completion = (JSON.parse(answers[0]!) as { choices: [{ message: { content: string } }] }).choices[0]
    .message.content;
  expect(completion.length).toBeGreaterThan(16);
  // The caller does get its own text back, so the marker did travel through everything.
  expect(answers[2]).toContain(marker);
  await platform.stop();
  for (const text of [marker, completion]) {
    expect(platform.logLines.filter((line) => line.includes(text))).toEqual([]);
    const bytes = Buffer.from(text);
    expect(filesWith(platform.dataFolder, bytes)).toEqual([]);
    expect(filesWith(temporary, bytes)).toEqual([]);
  }
});

test('the search itself finds what is there', () => {
  expect(filesWith(platform.dataFolder, Buffer.from('accounts/fireworks'))).not.toEqual([]);
});
