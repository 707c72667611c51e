import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readProgram, runPython, type SampleResult, type SampleTarget } from '../guides/run-sample.ts';
import { startScriptedGateway } from '../guides/scripted-gateway.ts';
import { openPythonEnvironment } from './python-environment.ts';

/**
 * The Fireworks client for Python (`fireworks-ai`, the series of the guides) and LangChain's Fireworks
 * package, which brings the newer series, both unchanged. Skipped, with the reason, where Python is missing.
 */

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;
let missing: string | null = null;
const told: Record<string, unknown> = {};

beforeAll(async () => {
  gateway = await startScriptedGateway();
  try {
    told.fireworks = await ask('current', 'fireworks-client.py', gateway.target);
    told.langchain = await ask('langchain', 'langchain-fireworks.py', gateway.target);
  } catch (error) {
    missing = (error as Error).message;
  }
}, 600_000);
beforeEach((context) => {
  if (missing !== null) context.skip(missing);
});
afterAll(() => gateway?.close());

/** What the program printed as JSON, or its stack trace. */
async function ask(
  environment: 'current' | 'langchain',
  name: string,
  target: SampleTarget,
): Promise<unknown> {
  const python = await openPythonEnvironment(environment);
  const results = await runPython(python, { [name]: readProgram(name) }, target);
  const { output, error }: SampleResult = results[name]!;
  return error ?? JSON.parse(output);
}

const call = { name: 'get_city_population', arguments: '{"city_name": "San Francisco"}' };

describe('the Fireworks client for Python', () => {
  test('chat, streams, completions, tools, structured output, errors and aborts', () => {
    expect(told.fireworks).toEqual({
      chat: 'This is a test.',
      finish: 'stop',
      streamed: 'This is a test.',
      usage: 16,
      completion: 'This is a test.',
      async: 'This is a test.',
      tool: call,
      streamed_tool: call,
      structured: { question: 'Which Jane?', answer: 'Jane Austen' },
      aborted: 1,
      'wrong key': 'AuthenticationError',
      'wrong model': 'PermissionError',
      'wrong field': 'InvalidRequestError',
    });
  });
});

describe('LangChain', () => {
  test('chat, streams, tools, structured output, errors and aborts', () => {
    expect(told.langchain).toEqual({
      chat: 'This is a test.',
      usage: 16,
      streamed: 'This is a test.',
      aborted: 1,
      tool: { name: 'get_city_population', args: { city_name: 'San Francisco' } },
      structured: { question: 'Which Jane?', answer: 'Jane Austen' },
      'wrong key': 'AuthenticationError',
      'wrong model': 'PermissionDeniedError',
      'wrong field': 'BadRequestError',
    });
  });
});
