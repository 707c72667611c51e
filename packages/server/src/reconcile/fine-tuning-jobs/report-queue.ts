import type { TrainerReport } from '../../launch/trainer-process.ts';

/** Writes reports of each job one after the other, in the order they came. */
export interface ReportQueue {
  add(job: string, report: TrainerReport): void;
  /** Resolves when everything that a job said so far is written, or could not be. */
  idle(job: string): Promise<void>;
}

export function createReportQueue(
  write: (job: string, report: TrainerReport) => Promise<void>,
  onError: (error: Error) => void,
): ReportQueue {
  const last = new Map<string, Promise<void>>();
  return {
    add(job, report) {
      const next: Promise<void> = (last.get(job) ?? Promise.resolve())
        .then(() => write(job, report))
        .catch(onError)
        .then(() => {
          if (last.get(job) === next) last.delete(job);
        });
      last.set(job, next);
    },
    idle: (job) => last.get(job) ?? Promise.resolve(),
  };
}
