import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firectl, type Run } from '../../packages/cli/src/testing.ts';
import { type Platform, startPlatform } from './start-platform.ts';

/** docs/simulated-fleet.md, with its own commands in their order. */

const guide = readFileSync(new URL('../../docs/simulated-fleet.md', import.meta.url), 'utf8');
const blocks = [...guide.matchAll(/^```(\S+)( refused)?\n(.*?)^```$/gms)].map(
  ([, language = '', refused, text = '']) => ({ language, isRefused: refused !== undefined, text }),
);
const commands = blocks.flatMap(({ isRefused, text }) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('firectl '))
    .map((line) => ({ line, isRefused })),
);

let folder: string;
let platform: Platform;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sparkler-guide-'));
  const start = blocks.map(({ text }) => text).find((text) => text.includes('npm start')) ?? '';
  platform = await startPlatform(
    Object.fromEntries([...start.matchAll(/(SPARKLER_\w+)=(\S+)/g)].map(([, name, value]) => [name, value])),
  );
});
afterAll(async () => {
  await platform.stop();
  await platform.remove();
  await rm(folder, { recursive: true });
});

function run(line: string): Promise<Run> {
  return firectl(line.split(' ').slice(1), {
    FIREWORKS_API_KEY: platform.apiKey,
    FIREWORKS_API_BASE: platform.baseUrl,
    FIREWORKS_CONFIG_DIR: join(folder, 'config'),
  });
}

/** What a command prints, and with which code it ends; `shows`: what comes only a moment later. */
async function runUntil(line: string, shows: RegExp): Promise<Run> {
  await expect.poll(async () => (await run(line)).out, { timeout: 90_000, interval: 200 }).toMatch(shows);
  return run(line);
}

/** In the order in which the guide has them. */
const usages = [/^Usage: 1$/m, /^Usage: 3$/m];

test('its commands do what it says', { timeout: 240_000 }, async () => {
  for (const { line, isRefused } of commands) {
    const shows = line.startsWith('firectl get quota') ? usages.shift() : undefined;
    const { code, out, note } = await (shows === undefined ? run(line) : runUntil(line, shows));
    const ended = { line, isRefused: code !== 0, text: `${out}${note}` };
    expect(ended).toEqual({ line, isRefused, text: expect.any(String) });
    if (isRefused) expect(note).toContain('9 x 1 NVIDIA_H100_80GB = 9 > quota 8 + 0 reserved');
    if (line.startsWith('firectl get deployment')) {
      expect(out).toMatch(/State: READY/);
      expect(out).toContain('US_VIRGINIA_2');
    }
  }
  expect(usages).toEqual([]);
});

test('its own fleet waits for the stock, and then starts', { timeout: 240_000 }, async () => {
  const { text } = blocks.find(({ language }) => language === 'json')!;
  const file = join(folder, 'fleet.json');
  await writeFile(file, text);
  await platform.stop();
  await platform.remove();
  platform = await startPlatform({ SPARKLER_FLEET: file });
  expect((await run('firectl create deployment smollm2-135m-instruct --deployment-id late')).code).toBe(0);
  // How long the stock is out is up to the clock: it may be back before anybody looked.
  await expect
    .poll(async () => (await run('firectl get deployment late')).out, { timeout: 90_000, interval: 200 })
    .toMatch(/State: READY/);
});
