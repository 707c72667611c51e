import { spawn } from 'node:child_process';
import { repositoryRoot } from './source-files.ts';

export interface ProgramResult {
  readonly exitCode: number;
  readonly output: string;
}

/**
 * Runs a program of node_modules with this Node, in the repository's root. Its output is returned, not shown.
 */
export function runProgram(script: string, programArguments: readonly string[]): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [script, ...programArguments], {
      cwd: repositoryRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (text: string) => {
      output += text;
    };
    child.stdout.setEncoding('utf8').on('data', collect);
    child.stderr.setEncoding('utf8').on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => resolve({ exitCode: code ?? 1, output }));
  });
}
