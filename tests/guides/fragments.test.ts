import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startScriptedGateway } from './scripted-gateway.ts';

/**
 * Fragments of the guides that are no program: values of request fields and grammars, sent as printed. On a
 * model that says letters and closes what it may.
 */

let gateway: Awaited<ReturnType<typeof startScriptedGateway>>;

beforeAll(async () => {
  gateway = await startScriptedGateway({ script: new URL('../e2e/letters-script.ts', import.meta.url) });
});
afterAll(() => gateway?.close());

interface Choice {
  readonly message: {
    readonly content: string | null;
    readonly tool_calls?: readonly {
      readonly function: { readonly name: string; readonly arguments: string };
    }[];
  };
  readonly finish_reason: string;
}

async function chat(fields: Record<string, unknown>): Promise<Choice> {
  const { baseUrl, apiKey, model } = gateway.target;
  const messages = [{ role: 'user', content: 'Hi.' }];
  const response = await fetch(`${baseUrl}/inference/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages, temperature: 0, max_tokens: 200, ...fields }),
  });
  const body = (await response.json()) as { choices: [Choice]; error?: unknown };
  expect(body.error).toBeUndefined();
  return body.choices[0];
}

describe('querying-text-models', () => {
  test('the first message may override the system prompt, also with nothing', async () => {
    const hello = { role: 'user', content: 'Hello, what is your name?' };
    const override = (content: string) => [{ role: 'system', content }, hello];
    const pirate = await chat({ messages: override('You are a pirate.'), echo: true });
    expect(pirate.message.content).toContain('system\nYou are a pirate.');
    const none = await chat({ messages: override(''), echo: true });
    expect(none.message.content).not.toContain('pirate');
    expect(none.message.content).toContain('Hello, what is your name?');
  });
});

describe('function-calling', () => {
  const tools = ['get_stock_price', 'get_financial_data'].map((name) => ({
    type: 'function',
    function: { name, parameters: { type: 'object', properties: {}, required: [] } },
  }));

  test('tool_choice = {"type": "function"}: some function is called', async () => {
    const { message, finish_reason } = await chat({ tools, tool_choice: { type: 'function' } });
    expect(finish_reason).toBe('tool_calls');
    expect(tools.map((tool) => tool.function.name)).toContain(message.tool_calls![0]!.function.name);
  });

  test('tool_choice with a name: this function is called', async () => {
    const tool_choice = { type: 'function', function: { name: 'get_financial_data' } };
    const { message } = await chat({ tools, tool_choice });
    expect(message.tool_calls![0]!.function.name).toBe('get_financial_data');
  });
});

describe('structured-response-formatting', () => {
  test('{"type": "json_object"}: any JSON', async () => {
    const { message, finish_reason } = await chat({ response_format: { type: 'json_object' } });
    expect(finish_reason).toBe('stop');
    expect(JSON.parse(message.content!)).toBeTypeOf('object');
  });

  test('an object with a required string and an optional integer', async () => {
    const schema = {
      type: 'object',
      properties: { foo: { type: 'string' }, bar: { type: 'integer' } },
      required: ['foo'],
    };
    const { message } = await chat({ response_format: { type: 'json_object', schema } });
    const { foo, bar = 0, ...rest } = JSON.parse(message.content!);
    expect([typeof foo, Number.isInteger(bar), rest]).toEqual(['string', true, {}]);
  });
});

describe('structured-output-grammar-based', () => {
  test.each([
    ['a list', 'root ::= ("- " item)+\nitem ::= [^\\n]+ "\\n"', /^(- [^\n]+\n?)+$/],
    ['a negated range', 'root ::= single-line\nsingle-line ::= [^\\n]+ "\\n"', /^[^\n]+\n?$/],
    ['a dot', 'root ::= any-three-symbol-sequence\nany-three-symbol-sequence ::= ...', /^...$/s],
    ['comments', '# defines optional whitespace\nws ::= [ \\t\\n]+\nroot ::= "a" ws "b"', /^a[ \t\n]+b$/],
  ])('%s', async (_name, grammar, expected) => {
    const { message } = await chat({ response_format: { type: 'grammar', grammar }, max_tokens: 60 });
    expect(message.content).toMatch(expected);
  });
});
