import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { firectl, startRecorder } from './testing.ts';

type Recorder = Awaited<ReturnType<typeof startRecorder>>;

let folder: string;
let home: Recorder;
let work: Recorder;
let environment: NodeJS.ProcessEnv;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'firectl-profiles-'));
  home = await startRecorder(() => ({ models: [] }));
  work = await startRecorder(() => ({ models: [] }));
  environment = { FIREWORKS_CONFIG_DIR: folder };
});
afterEach(async () => {
  await home.close();
  await work.close();
  await rm(folder, { recursive: true, force: true });
});

const run = (line: string, more: NodeJS.ProcessEnv = {}) =>
  firectl(line.split(' '), { ...environment, ...more });

/** Two profiles of two servers, as two people's machines would have them. */
async function signIn(): Promise<void> {
  const signIns = [
    { words: ['signin'], url: home.url, key: 'home-key' },
    { words: ['--profile', 'work', 'signin'], url: work.url, key: 'work-key' },
  ];
  for (const { words, url, key } of signIns) {
    const { code } = await firectl(words, { ...environment, FIREWORKS_API_BASE: url }, [key]);
    expect(code).toBe(0);
  }
}

/** Which server a command went to. */
async function whereGoes(line: string, more: NodeJS.ProcessEnv = {}): Promise<'home' | 'work' | 'nowhere'> {
  const before = [home.requests.length, work.requests.length];
  const { code, note } = await run(line, more);
  expect({ code, note }).toMatchObject({ code: 0 });
  if (home.requests.length > before[0]!) return 'home';
  return work.requests.length > before[1]! ? 'work' : 'nowhere';
}

describe('profiles', () => {
  it('keep the server, account and key that were signed in with', async () => {
    await signIn();
    const text = await readFile(join(folder, 'auth.ini'), 'utf8');
    expect(text).toBe(
      `[fireworks]\napi_key = home-key\naccount_id = acme\napi_base = ${home.url}\n\n` +
        `[work]\napi_key = work-key\naccount_id = acme\napi_base = ${work.url}\n`,
    );
  });

  it('are chosen by flag and by environment, the flag first', async () => {
    await signIn();
    expect(await whereGoes('list models')).toBe('home');
    expect(await whereGoes('--profile work list models')).toBe('work');
    expect(await whereGoes('list models --profile work')).toBe('work');
    expect(await whereGoes('list models', { FIREWORKS_PROFILE: 'work' })).toBe('work');
    expect(await whereGoes('list models --profile fireworks', { FIREWORKS_PROFILE: 'work' })).toBe('home');
  });

  it('that are named win over the environment, which wins over the usual one', async () => {
    await signIn();
    const everyday = { FIREWORKS_API_KEY: 'k', FIREWORKS_API_BASE: home.url };
    expect(await whereGoes('--profile work list models', everyday)).toBe('work');
    expect(await whereGoes('list models', { ...everyday, FIREWORKS_API_BASE: work.url })).toBe('work');
  });

  it('that are not there are an error, not the usual one', async () => {
    await signIn();
    for (const [line, more] of [
      ['--profile wrok list models', {}],
      ['list models', { FIREWORKS_PROFILE: 'wrok' }],
    ] as const) {
      const { code, note } = await run(line, { FIREWORKS_API_KEY: 'k', ...more });
      expect(code).toBe(2);
      expect(note).toContain("there is no profile 'wrok'");
      expect(note).toContain('(there are: fireworks, work)');
    }
    expect([...home.requests, ...work.requests].filter(({ path }) => path.includes('/models'))).toEqual([]);
  });
});
