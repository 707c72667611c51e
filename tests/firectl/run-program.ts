import { spawn } from 'node:child_process';

/** Runs a program to its end; its test goes on meanwhile, so that it can be the server. */
export function runProgram(
  program: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env: NodeJS.ProcessEnv },
): Promise<{ readonly code: number | null; readonly out: string; readonly note: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, note] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      note += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out, note }));
  });
}
