import { type ChildProcess, spawn } from 'node:child_process';

export interface Child {
  readonly process: ChildProcess;
  /** Resolves with the seconds it ran; rejects when it fails. Killed on purpose (SIGKILL) is no failure. */
  readonly ended: Promise<number>;
}

export function startChild(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Child {
  const startMs = performance.now();
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let note = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    note += text;
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (code === 0 || signal === 'SIGKILL') resolve((performance.now() - startMs) / 1000);
      else
        reject(new Error(`${program} ${args.slice(0, 4).join(' ')} ended with ${code}: ${note.slice(-500)}`));
    });
  });
  return { process: child, ended };
}

/** Seconds of one run. */
export const timeChild = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  startChild(program, args, env).ended;
