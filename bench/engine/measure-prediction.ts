import { generate, makeRequest } from '../../packages/engine/src/core/testing/requests.ts';
import type { EngineCommand, PredictionCost } from './commands.ts';
import { editPrompts } from './edit-prompts.ts';
import type { Subject } from './subject.ts';

type Prediction = Extract<EngineCommand, { kind: 'prediction' }>;

const tokensMax = 160;
/** An edit changes a line here and there: one token in this many is another. */
const editEvery = 40;

/**
 * Decode steps and time over all edit prompts. Greedy: the answers are the same whatever is predicted, but
 * where two tokens are nearly as likely, for kernels round differently by batch size; the prediction is then
 * off from there on.
 */
export async function measurePrediction(
  subject: Subject,
  { prediction }: Prediction,
): Promise<PredictionCost> {
  let steps = 0;
  let ms = 0;
  for (const prompt of editPrompts) {
    const promptTokens = subject.encode(prompt);
    const expected =
      prediction === 'none'
        ? null
        : makePrediction(subject, await answerOf(subject, promptTokens), prediction);
    const begin = performance.now();
    const { end } = await generate(subject.engine, request(promptTokens, expected));
    ms += performance.now() - begin;
    if (end.type !== 'finish') throw new Error(`the request ended with ${end.type}`);
    steps += end.timings.steps;
  }
  return { steps, ms };
}

const answers = new Map<string, readonly number[]>();

async function answerOf(subject: Subject, promptTokens: number[]): Promise<readonly number[]> {
  const key = promptTokens.join();
  const known = answers.get(key);
  if (known) return known;
  const { choices } = await generate(subject.engine, request(promptTokens, null));
  answers.set(key, choices[0]!);
  return choices[0]!;
}

function request(promptTokens: number[], prediction: readonly number[] | null) {
  // No n-gram guesses: only what the caller predicts is measured here.
  return makeRequest({ promptTokens, prediction, maxTokens: tokensMax, ignoreEnd: true, speculate: false });
}

/** What a caller would send: nearly the answer, or something else altogether. */
function makePrediction(subject: Subject, answer: readonly number[], kind: 'edit' | 'wrong'): number[] {
  if (kind === 'wrong')
    return answer.map((token, index) => (token * 31 + index * 7 + 1000) % subject.vocabularySize);
  return answer.map((token, index) =>
    index % editEvery === editEvery - 1 ? (token + 1) % subject.vocabularySize : token,
  );
}
