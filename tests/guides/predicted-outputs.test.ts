import { afterAll, beforeAll, expect, test } from 'vitest';
import { realModel, startRealModel } from '../e2e/start-real-model.ts';
import { readSample, runPythonSamples } from './run-sample.ts';

/** The sample of guides/predicted-outputs, on SmolLM2. */

let platform: Awaited<ReturnType<typeof startRealModel>>;

beforeAll(async () => {
  // Room for the prompt and about as much again: the sample gives no `max_tokens`.
  platform = await startRealModel(realModel, {
    SPARKLER_ENGINE_CELLS: '512',
    SPARKLER_ENGINE_SEQUENCES: '2',
  });
}, 600_000);
afterAll(async () => {
  if (typeof platform === 'string') return;
  await platform?.stop();
  await platform?.remove();
});

test('edit.py', { timeout: 180_000 }, async (context) => {
  if (typeof platform === 'string') return context.skip(platform);
  const { baseUrl, apiKey } = platform;
  const target = { baseUrl, apiKey, model: `accounts/fireworks/models/${realModel}` };
  const plain = readSample('predicted-outputs', 'edit.py', target).replace(/ {4}prediction=.*\n/, '');
  const told = await runPythonSamples('predicted-outputs', ['edit.py'], target, (code) => {
    return `${code}\nprint("\\x1e")\n${plain}`;
  });
  if (typeof told === 'string') return context.skip(told);
  const { output, error } = told['edit.py']!;
  expect(error).toBeNull();
  const [predicted, unaided] = output.split('\x1e\n');
  expect(predicted!.length).toBeGreaterThan(20);
  // A prediction changes the time an answer takes, never its text.
  expect(predicted).toBe(unaided);
});
