import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startRealTarget } from './real-target.ts';
import { runPythonSamples, type SampleResult } from './run-sample.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/**
 * Samples of structured-responses/structured-output-grammar-based: the classes on SmolLM2, what asks for
 * fluent Japanese or C on a scripted model.
 */

const guide = 'grammar-mode';

test('diagnosis.py', { timeout: 180_000 }, async (context) => {
  const real = await startRealTarget();
  if (typeof real === 'string') return context.skip(real);
  const told = await runPythonSamples(guide, ['diagnosis.py'], real.target);
  await real.platform.stop();
  await real.platform.remove();
  if (typeof told === 'string') return context.skip(told);
  expect(told['diagnosis.py']).toMatchObject({
    error: null,
    output: expect.stringMatching(
      /^(arthritis|dengue|urinary tract infection|impetigo|cervical spondylosis)\n$/,
    ),
  });
});

describe('with a model that speaks', () => {
  let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;
  let told: Record<string, SampleResult> | string;
  beforeAll(async () => {
    gateway = await startScriptedGateway();
    told = await runPythonSamples(guide, ['japanese.py', 'c-program.py'], gateway.target);
  }, 600_000);
  afterAll(() => gateway?.close());

  test('japanese.py', (context) => {
    if (typeof told === 'string') return context.skip(told);
    const output = expect.stringMatching(/^[ぁ-ゟァ-ヿ、-〾一-鿿]+\n$/);
    expect(told['japanese.py']).toEqual({ error: null, output });
  });

  test('c-program.py', (context) => {
    if (typeof told === 'string') return context.skip(told);
    expect(told['c-program.py']).toEqual({ error: null, output: 'char\nc(int a){return 2*a;}\n' });
  });
});
