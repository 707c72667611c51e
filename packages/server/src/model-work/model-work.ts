import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { dieWithParent } from '../launch/die-with-parent.ts';

const defaultProgram = fileURLToPath(new URL('../../../engine/src/model-work.ts', import.meta.url));

/** The tasks of the process (packages/engine/src/model-work/protocol.ts), as they are sent. */
export type ModelTask =
  | { readonly task: 'check-model'; readonly folder: string; readonly name: string }
  | { readonly task: 'check-adapter'; readonly folder: string; readonly base: BaseFiles | null }
  | { readonly task: 'check-config'; readonly config: string }
  | { readonly task: 'convert'; readonly folder: string; readonly target: string; readonly name: string }
  | {
      readonly task: 'quantize';
      readonly source: string;
      readonly target: string;
      readonly to: 'Q8_0' | 'Q4_K_M';
      readonly threads: number;
    }
  | {
      readonly task: 'merge';
      readonly base: string;
      readonly adapter: string;
      readonly target: string;
      readonly threads: number;
    };

export interface BaseFiles {
  readonly path: string;
  readonly format: 'gguf' | 'hugging-face';
}

export interface ModelProblem {
  /** Empty when no single file is at fault. */
  readonly file: string;
  readonly message: string;
}

/** The files of a model are not what they should be. */
export class ModelRefusedError extends Error {
  override readonly name = 'ModelRefusedError';
  readonly problems: readonly ModelProblem[];

  constructor(problems: readonly ModelProblem[]) {
    super(problems.map(({ file, message }) => (file === '' ? message : `${file} ${message}`)).join('; '));
    this.problems = problems;
  }
}

export interface ModelWork {
  /**
   * Runs a task in a process of its own and gives its result. Rejects with ModelRefusedError for what is
   * wrong with the files, with the reason of the signal when that aborts, else with an error that is none of
   * the caller's fault.
   */
  run<Result>(task: ModelTask, signal?: AbortSignal): Promise<Result>;
}

/** Replies are small; a process that writes more is not ours any more. */
const REPLY_LENGTH_MAX = 4 * 1024 * 1024;
/** Checks read headers only. A file that keeps one busy for longer was made to. */
const CHECK_MS_MAX = 120_000;

/** Work on model files in child processes, at lower priority than serving. */
export function createModelWork(program = defaultProgram): ModelWork {
  return {
    async run<Result>(task: ModelTask, signal: AbortSignal = new AbortController().signal) {
      signal.throwIfAborted();
      const limit = task.task.startsWith('check-') ? AbortSignal.timeout(CHECK_MS_MAX) : null;
      const within = limit === null ? signal : AbortSignal.any([signal, limit]);
      const reply = await runProcess(program, task, within).catch((error): Reply => {
        // Whoever uploads a file that ends the check can mend it; the server is as well as before.
        const isOfFiles = limit?.aborted === true || error instanceof ProcessEndedError;
        if (limit === null || signal.aborted || !isOfFiles) throw error;
        const why = limit.aborted ? 'it took too long' : (error as Error).message;
        const message = `the check did not come to its end (${why}): is a file damaged?`;
        return { type: 'refused', problems: [{ file: '', message }] };
      });
      if (reply.type === 'done') return reply.result as Result;
      throw new ModelRefusedError(reply.problems);
    },
  };
}

/** The process was ended by a signal: a fault of the native library, or too much memory. */
class ProcessEndedError extends Error {
  override readonly name = 'ProcessEndedError';

  constructor(signal: string) {
    super(`it was ended by ${signal}`);
  }
}

type Reply =
  | { readonly type: 'done'; readonly result: unknown }
  | { readonly type: 'refused'; readonly problems: readonly ModelProblem[] };

function runProcess(program: string, task: ModelTask, signal: AbortSignal): Promise<Reply> {
  const words = [...dieWithParent('KILL'), 'nice', '-n', '10', process.execPath, program];
  const [command = process.execPath, ...parameters] = words;
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
    let [output, log] = ['', ''];
    const abort = () => void child.kill('SIGKILL');
    signal.addEventListener('abort', abort, { once: true });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > REPLY_LENGTH_MAX) child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      log = (log + text).slice(-2000);
    });
    child.once('error', reject);
    // A process that ends without reading its task says why in its exit.
    child.stdin.on('error', () => undefined);
    child.stdin.end(JSON.stringify(task));
    child.once('close', (code, endedBy) => {
      signal.removeEventListener('abort', abort);
      if (signal.aborted) return reject(signal.reason);
      const reply = code === 0 ? parseReply(output) : null;
      if (reply !== null) return resolve(reply);
      if (endedBy !== null) return reject(new ProcessEndedError(endedBy));
      reject(new Error(`work on a model (${task.task}) failed: ${log.trim() || `code ${code}`}`));
    });
  });
}

function parseReply(output: string): Reply | null {
  try {
    const reply = JSON.parse(output) as Reply;
    return reply.type === 'done' || reply.type === 'refused' ? reply : null;
  } catch {
    return null;
  }
}
