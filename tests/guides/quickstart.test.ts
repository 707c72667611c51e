import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPythonEnvironment } from '../e2e/python-environment.ts';
import { startRealTarget } from './real-target.ts';
import { readSample, runNode, runPython, runShell } from './run-sample.ts';

/** Samples of getting-started/quickstart, on SmolLM2. */

let real: Awaited<ReturnType<typeof startRealTarget>>;

beforeAll(async () => {
  real = await startRealTarget();
}, 600_000);

afterAll(async () => {
  if (typeof real === 'string') return;
  await real.platform.stop();
  await real.platform.remove();
});

describe('quickstart', () => {
  test('Python', async (context) => {
    if (typeof real === 'string') return context.skip(real);
    const python = await openPythonEnvironment().catch((error: Error) => error);
    if (python instanceof Error) return context.skip(python.message);
    const programs = {
      fireworks: readSample('quickstart', 'fireworks.py', real.target),
      // The guide forgets this line.
      openai: `import os\n${readSample('quickstart', 'openai.py', real.target)}`,
    };
    const told = await runPython(python, programs, real.target);
    for (const name of ['fireworks', 'openai']) {
      expect(told[name]).toMatchObject({ error: null, output: expect.stringMatching(/\w+/) });
    }
  });

  test('JavaScript', async (context) => {
    if (typeof real === 'string') return context.skip(real);
    expect(await runNode('quickstart', 'openai.mjs', real.target)).toMatch(/\w+/);
  });

  test('curl', async (context) => {
    if (typeof real === 'string') return context.skip(real);
    const answer = JSON.parse(await runShell('quickstart', 'curl.sh', real.target));
    expect(answer.choices[0].message.content).toMatch(/\w+/);
    expect(['stop', 'length']).toContain(answer.choices[0].finish_reason);
  });
});
