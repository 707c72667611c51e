import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { firectl } from '../../packages/cli/src/testing.ts';
import { describeCommands } from './describe-commands.ts';

const path = fileURLToPath(new URL('../../docs/firectl.md', import.meta.url));

test('the help of every command is that of docs/firectl.md', async () => {
  const text = await describeCommands();
  if (process.env.SPARKLER_WRITE_GOLDEN === '1') writeFileSync(path, text);
  expect(readFileSync(path, 'utf8')).toBe(text);
});

test('bash completes commands and flags, through aliases too', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'firectl-completion-'));
  const script = join(folder, 'firectl.bash');
  writeFileSync(script, (await firectl(['completion', 'bash'], {})).out);
  const complete = (...words: string[]): string[] => {
    const quoted = words.map((word) => `"${word}"`).join(' ');
    const line = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}`;
    const ask = `source ${script}; ${line}; _firectl; echo "\${COMPREPLY[@]}"`;
    return execFileSync('bash', ['-c', ask], { encoding: 'utf8' }).trim().split(' ');
  };
  expect(complete('firectl', 'un')).toEqual(['undelete', 'unload-lora', 'unblock-account']);
  expect(complete('firectl', 'create', 'deployment')).toEqual(['deployment']);
  expect(complete('firectl', 'create', 'sftj', '--early')).toEqual(['--early-stop']);
  rmSync(folder, { recursive: true });
});

test('zsh and fish scripts have every command', async () => {
  for (const shell of ['zsh', 'fish']) {
    const { out, code } = await firectl(['completion', shell], {});
    expect(code).toBe(0);
    for (const words of ['create deployment', 'get sftj', 'load-lora', 'export dataset'])
      expect(out).toContain(words);
  }
});
