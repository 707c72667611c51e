import type { RunningServer } from './start-server.ts';

export interface RunCallbacks {
  /** Runs once the server is up; a rejection stops it. */
  readonly onRunning?: (server: RunningServer, stopping: AbortSignal) => Promise<void>;
  /** The first signal came: things are being stopped in order. */
  readonly onStopping?: (signal: NodeJS.Signals) => void;
}

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Starts a server and keeps it until a signal: the first stops it in order (also half-way through its start),
 * the second ends this process at once, and the kernel then ends its children. Resolves with the exit code.
 */
export async function runUntilSignal(
  start: (stopping: AbortSignal) => Promise<RunningServer>,
  { onRunning, onStopping }: RunCallbacks = {},
): Promise<number> {
  const stopping = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(130);
    onStopping?.(signal);
    stopping.abort(new StoppedError(signal));
  };
  for (const signal of signals) process.on(signal, onSignal);
  try {
    const server = await start(stopping.signal);
    try {
      await onRunning?.(server, stopping.signal);
      await untilAborted(stopping.signal);
    } finally {
      await server.close();
    }
  } catch (error) {
    if (!(error instanceof StoppedError)) throw error;
  } finally {
    for (const signal of signals) process.removeListener(signal, onSignal);
  }
  return 0;
}

/** The start was given up because somebody asked to stop. */
export class StoppedError extends Error {
  override readonly name = 'StoppedError';

  constructor(signal: string) {
    super(`stopped by ${signal}`);
  }
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
    // A pending promise keeps nothing alive by itself; with no HTTP role there may be nothing else.
    const keepAlive = setInterval(() => undefined, 60_000);
    signal.addEventListener('abort', () => clearInterval(keepAlive), { once: true });
  });
}
