import { afterAll, beforeAll, expect, test } from 'vitest';
import { runPythonSamples } from './run-sample.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/** The sample of deepseek/general-deepseek. On a scripted model that thinks too long. */

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway({ reasons: true });
});
afterAll(() => gateway?.close());

test('reasoning-effort.py', async (context) => {
  const told = await runPythonSamples('deepseek', ['reasoning-effort.py'], gateway.target);
  if (typeof told === 'string') return context.skip(told);
  const { output, error } = told['reasoning-effort.py']!;
  expect(error).toBeNull();
  expect(output).toMatch(/^<think>\n(Two and two\. )+/);
  expect(output).toContain('</think>');
});
