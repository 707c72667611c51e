import { describeFault } from './process/describe-fault.ts';
import { type EngineFlags, FlagError, parseEngineFlags } from './process/engine-flags.ts';
import { engineHelp } from './process/engine-help.ts';
import type { EngineProcess } from './process/engine-process.ts';
import { exitCodes } from './process/exit-codes.ts';
import { writeLifeEvent } from './process/life-events.ts';

const flags = readFlags();
if (flags === null) {
  process.stdout.write(engineHelp);
} else {
  await serve(flags);
}

function readFlags(): EngineFlags | null {
  try {
    return parseEngineFlags(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(exitCodes.wrongFlags);
  }
}

async function serve(flags: EngineFlags): Promise<void> {
  // Whoever started the engine through an IPC channel owns it: if they are gone, even by kill -9, so is the
  // engine.
  if (process.channel !== undefined) {
    process.on('disconnect', () => process.exit(exitCodes.stopped));
    // The channel alone must not keep a finished process alive.
    process.channel?.unref();
  }
  let engine: EngineProcess | null = null;
  const stop = async (): Promise<void> => {
    // A second signal means now; so does one while the model loads.
    for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => process.exit(exitCodes.failed));
    await engine?.drain();
    process.exit(exitCodes.stopped);
  };
  process.once('SIGTERM', () => void stop());
  process.once('SIGINT', () => void stop());
  process.on('uncaughtException', (error) => {
    const message = `a fault in the engine process: ${describeFault(error)}`;
    if (engine === null) writeLifeEvent({ event: 'fatal', message, inFlight: [] });
    else engine.die(message, exitCodes.failed);
    process.exit(exitCodes.failed);
  });
  engine = await start(flags).catch((error: unknown) => {
    const message = error instanceof Error ? error.message : String(error);
    writeLifeEvent({ event: 'fatal', message: `the engine could not start: ${message}`, inFlight: [] });
    process.exit(error instanceof FlagError ? exitCodes.wrongFlags : exitCodes.cannotStart);
  });
}

/** Imported only now: a wrong flag and --help need nothing of it. */
async function start(flags: EngineFlags): Promise<EngineProcess> {
  const { startEngineProcess } = await import('./process/engine-process.ts');
  return startEngineProcess(flags);
}
