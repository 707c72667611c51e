import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { TrainerError, type TrainerEvent } from './events.ts';
import { prepareJob } from './prepare-job.ts';
import { planProcesses, probePython, startRanks } from './python-worker.ts';
import type { Job } from './run-job.ts';
import { recordMetrics } from './run-job.ts';

/** Commands are passed on this often. */
const lookMs = 100;

/**
 * A job in the Python trainer: the data and the base model made ready here, then its processes, whose events
 * and end are this process's own. Returns its exit status. Throws TrainerError.
 */
export async function runPythonJob(job: Job, onSpeaking: () => void): Promise<number> {
  const { config, folder, control } = job;
  const worker = config.worker;
  if (!worker) throw new TrainerError('BAD_CONFIG', 'config.json has no worker');
  const processes = planProcesses(worker, await probePython(worker));
  const { report } = await prepareJob(config, folder, true);
  job.emit({ type: 'report', report });
  const emit = await recordMetrics(folder, job.emit);
  let hasSaidWhy = false;
  const ranks = await startRanks({
    worker,
    processes,
    configPath: join(folder, 'config.json'),
    threads: config.threads,
    resume: job.resume && existsSync(join(folder, 'checkpoints')),
    onLine: (line) => {
      // From here on a heartbeat is one of the process that computes.
      onSpeaking();
      const { v: _, seq: __, ts: ___, ...event } = JSON.parse(line) as TrainerEvent & Record<string, unknown>;
      hasSaidWhy ||= event.type === 'error' || event.type === 'done';
      emit(event as TrainerEvent);
    },
  });
  const timer = setInterval(() => {
    const { wanted } = control;
    control.wanted = null;
    if (wanted !== null) ranks.send(wanted);
  }, lookMs);
  const code = await ranks.ended;
  clearInterval(timer);
  if (code !== 0 && !hasSaidWhy) {
    throw new TrainerError('INTERNAL', `a process of the Python trainer ended with ${code}: see trainer.log`);
  }
  return code;
}
