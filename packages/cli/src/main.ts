import { CommanderError } from 'commander';
import { describeError, exitCodeOf, exitCodes } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { createProcessStreams, type Streams } from './streams.ts';

/** Runs one command line and returns the exit status. */
export async function runFirectl(
  args: readonly string[],
  streams: Streams,
  environment: NodeJS.ProcessEnv,
  signal: AbortSignal,
): Promise<number> {
  try {
    const program = await createProgram({ streams, environment, signal }, args);
    await program.parseAsync([...args], { from: 'user' });
    return signal.aborted ? exitCodes.interrupted : exitCodes.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    if (signal.aborted) return exitCodes.interrupted;
    streams.note(`Error: ${describeError(error)}\n`);
    return exitCodeOf(error);
  }
}

/** The program: the process's arguments, streams and Ctrl-C. */
export async function startFirectl(): Promise<void> {
  const controller = new AbortController();
  process.once('SIGINT', () => controller.abort(new Error('interrupted')));
  // A reader that had enough (head) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(exitCodes.done);
    throw error;
  });
  process.exitCode = await runFirectl(
    process.argv.slice(2),
    createProcessStreams(),
    process.env,
    controller.signal,
  );
}

if (import.meta.main) await startFirectl();
