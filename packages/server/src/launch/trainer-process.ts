import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { dieWithParent } from './die-with-parent.ts';
import { type LogFile, openLogFile } from './log-file.ts';

/** The trainer's program. */
export const trainerMain = fileURLToPath(new URL('../../../trainer/src/main.ts', import.meta.url));
/** The trainer speaks every 5 s; silence this long is a hang. */
const silenceMsMax = 60_000;

/**
 * One line of the trainer's protocol: `type` and what belongs to it (packages/trainer/src/process/events.ts).
 */
export type TrainerReport = { readonly type: string } & Readonly<Record<string, unknown>>;

export interface TrainerExit {
  readonly code: number | null;
  /** Last lines of its log, for people. */
  readonly logTail: string;
}

export interface TrainerListeners {
  onReport(report: TrainerReport): void;
  onExit(exit: TrainerExit): void;
}

export interface TrainerOptions {
  /** How long it may be silent from now on. */
  readonly silenceMs?: () => number;
}

/** A running trainer. It dies with this process, whichever way that goes. */
export interface TrainerProcess {
  cancel(): void;
  /** Ends it with a checkpoint. */
  pause(): void;
  kill(): void;
  readonly gone: Promise<void>;
}

/**
 * Starts a trainer on a job folder that holds config.json; goes on from its newest checkpoint if there is
 * one.
 */
export function startTrainer(
  jobFolder: string,
  listeners: TrainerListeners,
  { silenceMs = () => silenceMsMax }: TrainerOptions = {},
): TrainerProcess {
  const log = openLogFile(join(jobFolder, 'trainer.log'));
  const config = join(jobFolder, 'config.json');
  // Training yields to serving: the lowest priority that still makes progress on a busy machine.
  const words = [
    ...dieWithParent('KILL'),
    'nice',
    '-n',
    '10',
    process.execPath,
    trainerMain,
    '--job',
    config,
    '--resume',
    '--supervised',
  ];
  const [program, ...args] = words;
  const child = spawn(program!, args, {
    stdio: ['pipe', log.descriptor, log.descriptor, 'pipe'],
    detached: true,
  });
  const watchdog = watch(child, silenceMs);
  createInterface({ input: child.stdio[3] as Readable }).on('line', (line) => {
    const report = parseReport(line);
    if (report !== null && report.type !== 'heartbeat') listeners.onReport(report);
    watchdog.heard();
  });
  // A trainer that is gone cannot be told anything; its exit says so.
  child.stdin?.on('error', () => undefined);
  const gone = waitForExit(child, log, listeners).finally(() => watchdog.end());
  const send = (command: string): void => void (child.stdin as Writable).write(`{"cmd":"${command}"}\n`);
  return {
    cancel: () => send('cancel'),
    pause: () => send('pause'),
    kill: () => void child.kill('SIGKILL'),
    gone,
  };
}

/** Time to read what waits in the pipe, after we ourselves stood still: a laptop that slept, a debugger. */
const readMs = 1000;

/** Kills a trainer that says nothing for too long. */
function watch(child: ChildProcess, silenceMs: () => number) {
  let timer: NodeJS.Timeout;
  const kill = (): void => void child.kill('SIGKILL');
  const heard = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      timer = setTimeout(kill, readMs).unref();
    }, silenceMs()).unref();
  };
  heard();
  return { heard, end: () => clearTimeout(timer) };
}

function waitForExit(child: ChildProcess, log: LogFile, listeners: TrainerListeners): Promise<void> {
  return new Promise((resolve) => {
    const end = (code: number | null): void => {
      const logTail = log.tail(5);
      log.close();
      listeners.onExit({ code, logTail });
      resolve();
    };
    child.once('error', () => {
      if (child.pid === undefined) end(null);
    });
    child.once('close', (code) => end(code));
  });
}

function parseReport(line: string): TrainerReport | null {
  try {
    const report = JSON.parse(line) as TrainerReport;
    return typeof report.type === 'string' ? report : null;
  } catch {
    return null;
  }
}
