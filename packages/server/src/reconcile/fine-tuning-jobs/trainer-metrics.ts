import type { TrainerReport } from '../../launch/trainer-process.ts';
import type { JobMetrics } from '../../store/fine-tuning-events.ts';

/** Numbers of the trainer's events that are kept, by its own names. */
const metricNames = [
  'step',
  'epoch',
  'trainLoss',
  'trainMeanTokenAccuracy',
  'evalLoss',
  'evalMeanTokenAccuracy',
  'best',
  'learningRate',
  'gradientNorm',
  'lossTokens',
];

/** The numbers of a metric or eval event. */
export function readMetrics(report: TrainerReport): JobMetrics {
  const known = metricNames.flatMap((name) => (report[name] === undefined ? [] : [[name, report[name]]]));
  return Object.fromEntries(known) as JobMetrics;
}
