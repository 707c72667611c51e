import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readSample, runPythonSamples, runShell } from './run-sample.ts';
import { startScriptedGateway } from './scripted-gateway.ts';

/** Samples of tools-sdks/openai-compatibility. On a scripted model: they give no `max_tokens`. */

const guide = 'openai-compatibility';
let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway();
});
afterAll(() => gateway?.close());

describe(guide, () => {
  test('client.py, environment.py, completion.py, chat.py', async (context) => {
    const names = ['client.py', 'environment.py', 'completion.py', 'chat.py'];
    const listing = '\nprint([model.id for model in client.models.list()])';
    const complete = (code: string, name: string) =>
      name === 'client.py' || name === 'environment.py' ? code + listing : code;
    const told = await runPythonSamples(guide, names, gateway.target, complete);
    if (typeof told === 'string') return context.skip(told);
    const models = "['accounts/fireworks/models/tiny']\n";
    expect(told).toEqual({
      'client.py': { output: models, error: null },
      'environment.py': { output: models, error: null },
      'completion.py': { output: ' jumps over the lazy dog.\n', error: null },
      'chat.py': { output: 'This is a test.\n', error: null },
    });
  });

  test('process-wide.py', async (context) => {
    // These names are of the client before 1.0, and so is the request that follows.
    const then = readSample('querying-text-models', 'chat-openai-0.py', gateway.target);
    const request = then.slice(then.indexOf('response ='));
    const complete = (code: string) => `${code}\n${request}`;
    const told = await runPythonSamples(guide, ['process-wide.py'], gateway.target, complete, 'openai-0');
    if (typeof told === 'string') return context.skip(told);
    expect(told['process-wide.py']).toEqual({ output: 'This is a test.\n', error: null });
  });

  test('usage.sh: the very last chunk has usage and finish_reason', async () => {
    const lines = (await runShell(guide, 'usage.sh', gateway.target)).trim().split('\n\n');
    expect(lines.pop()).toBe('data: [DONE]');
    const chunks = lines.map((line) => JSON.parse(line.slice('data: '.length)));
    expect(chunks.map((chunk) => chunk.choices[0].text).join('')).toBe("\n    print('Hello, World!')\n");
    expect(chunks.at(-1)).toMatchObject({
      choices: [{ finish_reason: 'stop' }],
      usage: { prompt_tokens: 23, completion_tokens: 29, total_tokens: 52 },
    });
    for (const chunk of chunks.slice(0, -1)) expect(chunk.usage).toBeNull();
  });
});
