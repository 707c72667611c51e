import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firectl } from '../../packages/cli/src/testing.ts';

/** Each shell is asked what it offers after some words, with the script that firectl prints for it. */
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'firectl-completion-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const shells = {
  bash: {
    flags: ['--norc', '-c'],
    ask: (words: readonly string[]) => {
      const quoted = words.map((word) => `"${word}"`).join(' ');
      const line = `COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}`;
      return `${line}; _firectl; printf '%s\\n' "\${COMPREPLY[@]}"`;
    },
    before: '',
  },
  zsh: {
    flags: ['-f', '-c'],
    // The completion system runs in a line editor only: what the script hands to it is printed instead.
    before: 'compdef() { :; }; _files() { :; }; compadd() { shift; print -l -- $@; }',
    ask: (words: readonly string[]) => {
      const quoted = words.map((word) => `"${word}"`).join(' ');
      const matching = `grep -e "^${words.at(-1)}"`;
      return `words=(${quoted}); CURRENT=${words.length}; _firectl | ${matching}`;
    },
  },
  fish: {
    flags: ['--no-config', '-c'],
    before: '',
    ask: (words: readonly string[]) => `complete -C "${words.join(' ')}"`,
  },
} as const;

test.for(Object.keys(shells) as (keyof typeof shells)[])(
  '%s completes commands and flags, through aliases too',
  async (shell, { skip }) => {
    if (spawnSync(shell, ['--version']).error !== undefined) skip(`there is no ${shell} here`);
    const { out, code } = await firectl(['completion', shell], {});
    expect(code).toBe(0);
    const script = join(folder, `firectl.${shell}`);
    writeFileSync(script, out);
    const { flags, before, ask } = shells[shell];
    const complete = (...words: string[]): string[] => {
      const program = `${before}\nsource ${script}\n${ask(words)}`;
      return execFileSync(shell, [...flags, program], { encoding: 'utf8' })
        .trim()
        .split('\n');
    };
    expect(complete('firectl', 'un')).toEqual(['undelete', 'unload-lora', 'unblock-account']);
    expect(complete('firectl', 'create', 'deployment')).toEqual(['deployment']);
    expect(complete('firectl', 'create', 'sftj', '--early')).toEqual(['--early-stop']);
    expect(complete('firectl', 'get', 'fine-tuning-job', '--wat')).toEqual(['--watch']);
  },
);
