import { bool, duration, float, int32, int64, list, message, text, timestamp, word } from '../fields.ts';
import { Money } from './shared-messages.ts';

/** What fine-tuning jobs tell besides their own fields. */

const FineTuningMetrics = message('FineTuningMetrics', {
  step: int32('Optimiser steps done.'),
  epoch: int32('From 0.'),
  trainLoss: float(),
  trainMeanTokenAccuracy: float(),
  evalLoss: float(),
  evalMeanTokenAccuracy: float(),
  best: bool('Whether no evaluation before was better.'),
  learningRate: float(),
  gradientNorm: float('Before clipping.'),
  lossTokens: int32('Tokens whose prediction was learned in the step.'),
});

export const FineTuningEvents = message('FineTuningEvents', {
  events: list(
    message('FineTuningEvent', {
      sequence: int64(),
      time: timestamp(),
      type: word(['message', 'metric', 'eval', 'checkpoint']),
      level: word(['info', 'warning', 'error']),
      message: text(),
      metrics: FineTuningMetrics,
    }),
  ),
});

const DatasetReport = message('DatasetReport', {
  rows: int32(),
  examples: int32('Trained on; a row can give several.'),
  evaluationExamples: int32(),
  tokens: int64('Of one epoch.'),
  supervisedShare: float('Of the tokens, those whose prediction is learned.'),
  tokensMedian: int32('Of an example.'),
  tokens95th: int32(),
  tokensMax: int32(),
  histogram: list(
    message('TokenBucket', { tokensMax: int32(), examples: int32() }),
    'Examples by length, in powers of two.',
  ),
  truncated: int32('Examples cut to maxContextLength.'),
  dropped: int32('Examples with nothing left to learn after the cut.'),
  refused: list(
    message('RefusedLine', { line: int32('From 1.'), reason: text() }),
    'The first lines that cannot be used; a job fails on any.',
  ),
});

export const FineTuningPreview = message('FineTuningPreview', {
  report: DatasetReport,
  isPartial: bool('The report is on the first rows; steps, tokens and price are projected from them.'),
  samples: list(
    message('PreviewSample', {
      segments: list(
        message('PreviewSegment', { text: text(), supervised: bool('Whether the model learns to say it.') }),
      ),
    }),
    'The first examples as the model sees them.',
  ),
  steps: int32('Optimiser steps.'),
  trainedTokens: int64(),
  estimatedCost: Money,
  estimatedDuration: duration('On this host, from the last jobs of the model or its size.'),
});
