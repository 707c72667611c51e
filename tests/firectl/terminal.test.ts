import { spawn, spawnSync } from 'node:child_process';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type GuideServer, startGuideServer } from './start-guide-server.ts';

/** firectl as people have it: on a pseudo-terminal, with a keyboard. */
const root = fileURLToPath(new URL('../..', import.meta.url));
const model = 'accounts/fireworks/models/smollm2-135m-instruct';
let server: GuideServer;

const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;

beforeAll(async () => {
  if (hasPython) server = await startGuideServer();
});
beforeEach(({ skip }) => {
  if (!hasPython) skip('there is no python3 here, whose pty module is the terminal');
});
afterAll(() => server?.stop());

function runInTerminal(
  args: readonly string[],
  steps: readonly string[],
): Promise<{ code: number | null; shown: string }> {
  const command = [
    join(root, 'tests/firectl/in-terminal.py'),
    process.execPath,
    join(root, 'packages/cli/src/main.ts'),
  ];
  const env = { ...process.env, ...server.environment, TERM: 'xterm' };
  const child = spawn('python3', [...command, ...args], { env, stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(steps.map((step) => `${step}\n`).join(''));
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, shown })));
}

test('uploads draw a bar over itself, and nothing when asked to be quiet', async () => {
  await writeFile(join(server.folder, 'model', 'filler.bin'), new Uint8Array(3_000_000));
  const upload = await runInTerminal(['create', 'model', 'drawn', join(server.folder, 'model')], []);
  expect(upload.code).toBe(0);
  expect(upload.shown).toContain('\r\u001b[Kfiller.bin  [');
  expect(upload.shown).toMatch(/filler\.bin {2}\[#+\] 100%/);
  const quiet = await runInTerminal(
    ['--quiet', 'create', 'model', 'quiet', join(server.folder, 'model')],
    [],
  );
  expect(quiet.code).toBe(0);
  expect(quiet.shown).not.toContain('100%');
});

test('--wait tells each state, and Ctrl-C ends it with 130', async () => {
  const waited = await runInTerminal(['create', 'deployment', model, '--wait'], ['wait is READY']);
  expect(waited).toMatchObject({ code: 0 });
  expect(waited.shown).toContain('is CREATING');
  const stopped = await runInTerminal(
    ['create', 'deployment', model, '--wait'],
    ['wait is CREATING', 'press 03'],
  );
  expect(stopped.code).toBe(130);
});

test('a chat answers turn by turn, and Ctrl-D ends it', async () => {
  const steps = ['wait > ', 'type hello', 'wait > ', 'type and again', 'wait > ', 'press 04'];
  const { code, shown } = await runInTerminal(['chat', model, '--max-tokens', '4'], steps);
  expect(code).toBe(0);
  expect(shown.split('\n').length).toBeGreaterThan(4);
});

test('Ctrl-C ends a chat, and an upload in the middle, with 130', async () => {
  const chat = await runInTerminal(['chat', model], ['wait > ', 'press 03']);
  expect(chat.code).toBe(130);
  const filler = join(server.folder, 'model', 'filler.bin');
  await writeFile(filler, '');
  await truncate(filler, 400_000_000);
  const upload = await runInTerminal(
    ['create', 'model', 'stopped', join(server.folder, 'model')],
    ['wait filler.bin  [', 'wait #', 'press 03'],
  );
  expect(upload.code).toBe(130);
  expect(upload.shown).not.toMatch(/filler\.bin {2}\[#+\] 100%/);
});

test('a key that is typed is not shown', async () => {
  const key = server.platform.apiKey;
  const { code, shown } = await runInTerminal(['signin'], ['wait API key', `type ${key}`]);
  expect({ code, isShown: shown.includes(key) }).toEqual({ code: 0, isShown: false });
});
