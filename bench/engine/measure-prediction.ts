import { generate, makeRequest } from '../../packages/engine/src/core/testing/requests.ts';
import type { EngineCommand, PredictionCost } from './commands.ts';
import { type Edit, edits, unrelatedText } from './edits.ts';
import { createReciteConstraint } from './recite-constraint.ts';
import { startStopwatch } from './stopwatch.ts';
import type { Subject } from './subject.ts';

type Prediction = Extract<EngineCommand, { kind: 'prediction' }>;

/** Decode steps and time over all edits. */
export async function measurePrediction(
  subject: Subject,
  { prediction }: Prediction,
): Promise<PredictionCost> {
  let steps = 0;
  const spent = { ms: 0, processorMs: 0 };
  for (const edit of edits) {
    const after = subject.encode(edit.after);
    const watch = startStopwatch();
    const request = makeRequest({
      promptTokens: subject.encode(describeEdit(edit)),
      prediction: predictionOf(subject, edit, prediction),
      maxTokens: after.length + 1,
      endTokens: [subject.endToken],
      // No n-gram guesses: only what the caller predicts is measured here.
      speculate: false,
      constraint: () => createReciteConstraint(after, subject.endToken),
    });
    const { choices, end } = await generate(subject.engine, request);
    const { ms, processorMs } = watch();
    spent.ms += ms;
    spent.processorMs += processorMs;
    if (end.type !== 'finish') throw new Error(`the request ended with ${JSON.stringify(end)}`);
    if (after.some((token, index) => choices[0]![index] !== token)) throw new Error('another text came out');
    steps += end.timings.steps;
  }
  return { steps, ...spent };
}

function predictionOf(
  subject: Subject,
  { before }: Edit,
  kind: Prediction['prediction'],
): readonly number[] | null {
  if (kind === 'none') return null;
  return subject.encode(kind === 'edit' ? before : unrelatedText);
}

function describeEdit({ instruction, before }: Edit): string {
  return `<|im_start|>user\n${instruction} Output the full edited code.\n\n${before}<|im_end|>\n<|im_start|>assistant\n`;
}
