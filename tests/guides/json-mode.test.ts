import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRealTarget } from './real-target.ts';
import { runPythonSamples } from './run-sample.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/**
 * Samples of structured-responses/structured-response-formatting: on SmolLM2, and one that needs a model that
 * reasons.
 */

const guide = 'json-mode';
let real: Awaited<ReturnType<typeof startRealTarget>>;
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway({ reasons: true });
  real = await startRealTarget();
}, 600_000);
afterAll(async () => {
  await gateway?.close();
  if (typeof real === 'string') return;
  await real?.platform.stop();
  await real?.platform.remove();
});

describe(guide, () => {
  test('winner.py', { timeout: 180_000 }, async (context) => {
    if (typeof real === 'string') return context.skip(real);
    // Neither can be forced to end: a small model may go on with one string up to the end of its context.
    const complete = (code: string) =>
      `${code}\nimport json\nprint("\\n" + json.dumps(chat_completion.choices[0].model_dump()))`;
    const told = await runPythonSamples(guide, ['winner.py'], real.target, complete);
    if (typeof told === 'string') return context.skip(told);
    const { output, error } = told['winner.py']!;
    expect(error).toBeNull();
    const { message, finish_reason: ending } = JSON.parse(output.trim().split('\n').at(-1)!);
    if (ending === 'stop') expect(JSON.parse(message.content)).toEqual({ winner: expect.any(String) });
    else {
      expect(ending).toBe('length');
      expect(message.content).toMatch(/^\s*\{/);
    }
  });

  test('reasoning.py', { timeout: 180_000 }, async (context) => {
    // The guide's last line works with no version of pydantic that has the methods used above it.
    const complete = (code: string) => code.replace('qa_result.json(', 'qa_result.model_dump_json(');
    const told = await runPythonSamples(guide, ['reasoning.py'], gateway.target, complete);
    if (typeof told === 'string') return context.skip(told);
    const { output, error } = told['reasoning.py']!;
    expect(error).toBeNull();
    expect(output).toContain('Reasoning:\nThat is by Jane Austen.\n');
    expect(JSON.parse(output.split('QAResult (JSON Data):\n')[1]!)).toEqual({
      question: "Who wrote 'Pride and Prejudice'?",
      answer: 'Jane Austen',
    });
  });
});
