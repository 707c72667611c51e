import { CrashJournal, readCrashReport } from './crash-journal.ts';
import type { EngineFlags } from './engine-flags.ts';
import { writeLifeEvent } from './life-events.ts';
import { openModel } from './open-model.ts';
import type { Die } from './start-core.ts';

/** A running engine process. */
export interface EngineProcess {
  /** Stops taking requests, lets the running ones finish within the grace, closes everything. */
  drain(): Promise<void>;
  readonly die: Die;
}

/** Opens the model and serves it. Rejects when it cannot start. */
export async function startEngineProcess(flags: EngineFlags): Promise<EngineProcess> {
  const begun = performance.now();
  reportEarlierCrash(flags.crashReportPath);
  const journal = new CrashJournal(flags.crashReportPath);
  const die: Die = (message, code, lingerMs = 0) => {
    writeLifeEvent({ event: 'fatal', message, inFlight: journal.inFlight });
    if (lingerMs === 0) process.exit(code);
    setTimeout(() => process.exit(code), lingerMs);
  };
  writeLifeEvent({ event: 'loading', fraction: 0 });
  // A model is read by another thread: what serves it is imported meanwhile, a third of the time to start.
  let serving: ReturnType<typeof importServing> | null = null;
  const report = createProgressReporter();
  const model = await openModel(flags, {
    onProgress: report,
    onReading: () => {
      serving = importServing();
    },
  });
  report(1);
  const { serveModel } = await (serving ?? importServing());
  const served = await serveModel(flags, model, journal, die);
  writeLifeEvent({
    event: 'ready',
    ...served.description,
    address: served.address,
    loadMs: Math.round(performance.now() - begun),
  });
  return {
    die,
    async drain() {
      writeLifeEvent({ event: 'draining', graceMs: flags.graceMs });
      await served.close();
      journal.close();
    },
  };
}

function importServing(): Promise<typeof import('./serve-model.ts')> {
  return import('./serve-model.ts');
}

function reportEarlierCrash(path: string | null): void {
  if (path === null) return;
  const inFlight = readCrashReport(path);
  if (inFlight.length > 0) writeLifeEvent({ event: 'crash-report', inFlight });
}

/** Loading is told in steps of a percent, not for each tensor. */
function createProgressReporter(): (fraction: number) => void {
  let told = 0;
  return (fraction) => {
    const percent = Math.floor(fraction * 100);
    if (percent <= told) return;
    told = percent;
    writeLifeEvent({ event: 'loading', fraction: percent / 100 });
  };
}
