import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { UsageRecord } from '../../packages/server/src/inference/metering.ts';
import { listSamples, readSample, runPythonSamples, runShell, type SampleResult } from './run-sample.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/**
 * Samples of guides/querying-text-models. On a scripted model: they give no `max_tokens`, and no model small
 * enough for a test ends by itself when it is given a bare prompt.
 */

const guide = 'querying-text-models';
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;
let endless: Awaited<ReturnType<typeof startScriptedGateway>>;
let told: Record<string, SampleResult> | string;

/** Snippets that are no program by themselves, with what the guide says stands before them. */
function completeSnippet(code: string, name: string): string {
  if (name === 'logit-bias.py') {
    const start = readSample(guide, 'completion-openai.py', endless.target).split('response =')[0]!;
    // What it says by itself first: the bias turns that round.
    const plain = code.replace(/ +logit_bias=.*\n/, 'max_tokens=4\n');
    const biased = code.replace('logit_bias', 'max_tokens=4, logit_bias');
    return `${start}\nfor answer in [\n${plain},\n${biased}]:\n    print(repr(answer.choices[0].text))`;
  }
  const start = readSample(guide, 'stream-chat-openai.py', endless.target).split('for chunk')[0]!;
  return `import time\n${start}\n${code}`;
}

const snippets = ['abort.py', 'logit-bias.py'];
const python = listSamples(guide, '.py').filter((name) => !snippets.includes(name));
const isOld = (name: string) => name.endsWith('-openai-0.py');

beforeAll(async () => {
  gateway = await startScriptedGateway();
  endless = await startScriptedGateway({ script: new URL('./endless-script.ts', import.meta.url) });
  const run = (names: readonly string[], environment: 'current' | 'openai-0') =>
    runPythonSamples(guide, names, gateway.target, undefined, environment);
  const recent = await run(
    python.filter((name) => !isOld(name)),
    'current',
  );
  const old = await run(python.filter(isOld), 'openai-0');
  told = typeof recent === 'string' ? recent : typeof old === 'string' ? old : { ...recent, ...old };
}, 600_000);

afterAll(async () => {
  await gateway?.close();
  await endless?.close();
});

describe(guide, () => {
  test.for(python)('%s', (name, context) => {
    if (typeof told === 'string') return context.skip(told);
    const { output, error } = told[name]!;
    expect(error).toBeNull();
    expect(output.replaceAll('\n', '')).toBe('This is a test.');
  });

  test('abort.py: a closed stream stops the model, and only what came is metered', async (context) => {
    const before = endless.usage.length;
    const ran = await runPythonSamples(guide, ['abort.py'], endless.target, completeSnippet);
    if (typeof ran === 'string') return context.skip(ran);
    const { output, error } = ran['abort.py']!;
    expect(error).toBeNull();
    expect(output).toMatch(/word word/);
    await vi.waitFor(() => expect(endless.usage).toHaveLength(before + 1));
    const { status, completionTokens } = endless.usage.at(-1) as UsageRecord;
    expect(status).toBe(499);
    // The model would have gone on to the default of 2048.
    expect(completionTokens).toBeGreaterThanOrEqual(output.length);
    expect(completionTokens).toBeLessThan(2048);
  });

  test('logit-bias.py: the biases change what is said', async (context) => {
    const ran = await runPythonSamples(guide, ['logit-bias.py'], endless.target, completeSnippet);
    if (typeof ran === 'string') return context.skip(ran);
    const said = (token: string) => `'${token.repeat(4)}'\n`;
    expect(ran['logit-bias.py']).toEqual({ output: said('\\x02') + said('\\x00'), error: null });
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
