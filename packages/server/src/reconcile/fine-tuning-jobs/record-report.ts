import type { TrainerReport } from '../../launch/trainer-process.ts';
import type { Database } from '../../store/database.ts';
import { insertJobEvent } from '../../store/fine-tuning-events.ts';
import { writeJobProgress, writePlannedTokens } from '../../store/fine-tuning-jobs.ts';
import { recoverMetrics } from './recover-metrics.ts';
import { readMetrics } from './trainer-metrics.ts';

/**
 * Writes what a trainer said to where the API reads it. Paths and texts of examples are left out. `folder` is
 * the job's.
 */
export async function recordReport(
  db: Database,
  job: string,
  report: TrainerReport,
  folder: string,
): Promise<void> {
  switch (report.type) {
    case 'progress':
      return writeJobProgress(db, job, describeProgress(report));
    case 'metric':
    case 'eval':
      return insertJobEvent(db, job, {
        type: report.type,
        level: 'info',
        message: '',
        metrics: readMetrics(report),
      });
    case 'checkpoint':
      return insertJobEvent(db, job, {
        type: 'checkpoint',
        level: 'info',
        message: `checkpoint after step ${report.step}`,
        metrics: { step: Number(report.step) },
      });
    case 'started':
      await recoverMetrics(db, job, folder, Number(report.resumedFromStep ?? -1));
      await writePlannedTokens(db, job, Number(report.totalTokens));
      return say(db, job, 'info', describeStart(report));
    case 'report':
      return say(db, job, 'info', describeDataset(report.report as DatasetFigures));
    case 'message':
      return say(db, job, report.level === 'warning' ? 'warning' : 'info', String(report.text));
    case 'error':
      return say(db, job, 'error', String(report.message));
    case 'done':
      return say(db, job, 'info', `training ended: ${report.status}`);
  }
}

function say(db: Database, job: string, level: 'info' | 'warning' | 'error', message: string): Promise<void> {
  return insertJobEvent(db, job, { type: 'message', level, message, metrics: null });
}

function describeProgress(report: TrainerReport) {
  const percent = Math.floor(Number(report.percent));
  const tokens = Number(report.tokensSeen);
  const left = formatSeconds(Number(report.etaSeconds));
  return {
    progress: { percent, epoch: Number(report.epoch), inputTokens: tokens },
    message: `step ${report.step} of ${report.totalSteps}, about ${left} left`,
    trainedTokens: tokens,
    tokensPerSecond: Number(report.tokensPerSecond),
  };
}

function describeStart(report: TrainerReport): string {
  const resumed = report.resumedFromStep === null ? '' : `, going on after step ${report.resumedFromStep}`;
  const { trainableParameters, totalSteps, totalTokens, device } = report;
  return (
    `training ${trainableParameters} parameters for ${totalSteps} steps, ${totalTokens} tokens, ` +
    `on ${device}${resumed}`
  );
}

/** What is told of the trainer's report on the data (packages/trainer/src/data/dataset-report.ts). */
interface DatasetFigures {
  readonly rows: number;
  readonly examples: number;
  readonly evaluationExamples: number;
  readonly tokens: number;
  readonly supervisedShare: number;
  readonly tokensMedian: number;
  readonly tokensMax: number;
  readonly truncated: number;
  readonly dropped: number;
}

function describeDataset(report: DatasetFigures): string {
  return (
    `${report.rows} rows: ${report.examples} examples to train on, ${report.evaluationExamples} to evaluate; ` +
    `${report.tokens} tokens an epoch (median ${report.tokensMedian}, longest ${report.tokensMax}), ` +
    `${Math.round(100 * report.supervisedShare)} % learned; ${report.truncated} cut, ${report.dropped} dropped`
  );
}

/** `45 s`, `12 min`, `3.5 h`. */
function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}
