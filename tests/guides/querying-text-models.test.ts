import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listSamples, readSample, runPythonSamples, runShell, type SampleResult } from './run-sample.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/**
 * Samples of guides/querying-text-models. On a scripted model: they give no `max_tokens`, and no model small
 * enough for a test ends by itself when it is given a bare prompt.
 */

const guide = 'querying-text-models';
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;
let told: Record<string, SampleResult> | string;

/** Snippets that are no program by themselves, with what the guide says stands before them. */
function completeSample(code: string, name: string): string {
  if (name === 'logit-bias.py') {
    const start = readSample(guide, 'completion-openai.py', gateway.target).split('response =')[0]!;
    return `${start}\nprint(\n${code}.usage.completion_tokens)`;
  }
  if (name !== 'abort.py') return code;
  const start = readSample(guide, 'stream-chat-openai.py', gateway.target).split('for chunk')[0]!;
  return `import time\n${start}\n${code}`;
}

const python = listSamples(guide, '.py');
const isOld = (name: string) => name.endsWith('-openai-0.py');

beforeAll(async () => {
  gateway = await startScriptedGateway();
  const run = (names: readonly string[], environment: 'current' | 'openai-0') =>
    runPythonSamples(guide, names, gateway.target, completeSample, environment);
  const recent = await run(
    python.filter((name) => !isOld(name)),
    'current',
  );
  const old = await run(python.filter(isOld), 'openai-0');
  told = typeof recent === 'string' ? recent : typeof old === 'string' ? old : { ...recent, ...old };
}, 600_000);

afterAll(() => gateway?.close());

describe(guide, () => {
  test.for(python)('%s', (name, context) => {
    if (typeof told === 'string') return context.skip(told);
    const { output, error } = told[name]!;
    expect(error).toBeNull();
    if (name === 'logit-bias.py') expect(Number(output)).toBeGreaterThanOrEqual(0);
    else expect(output.replaceAll('\n', '')).toBe('This is a test.');
  });

  test.each(['chat.sh', 'completion.sh'])('%s', async (name) => {
    const [choice] = JSON.parse(await runShell(guide, name, gateway.target)).choices;
    expect(choice.message?.content ?? choice.text).toBe('This is a test.');
    expect(choice.finish_reason).toBe('stop');
  });

  test('stream-completion.sh', async () => {
    const lines = (await runShell(guide, 'stream-completion.sh', gateway.target)).trim().split('\n\n');
    expect(lines.pop()).toBe('data: [DONE]');
    const chunks = lines.map((line) => JSON.parse(line.slice('data: '.length)));
    expect(chunks.map((chunk) => chunk.choices[0].text).join('')).toBe('This is a test.');
    expect(chunks.at(-1).usage.completion_tokens).toBeGreaterThan(0);
  });
});
