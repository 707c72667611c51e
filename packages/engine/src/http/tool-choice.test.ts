import { describe, expect, test } from 'vitest';
import { createHashScript } from '../runners/scripted/scripts.ts';
import { chat, openHttp, type TestHttp } from '../testing/open-http.ts';

const route = '/v1/chat/completions';
const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', maxLength: 12 },
        degrees: { type: 'integer', maximum: 9, minimum: 0 },
      },
      required: ['city', 'degrees'],
    },
  },
};
const sum = {
  type: 'function',
  function: {
    name: 'get_sum',
    parameters: {
      type: 'object',
      properties: { of: { type: 'array', items: { enum: [1, 2] }, maxItems: 3 } },
      required: ['of'],
    },
  },
};

/** What the model would say, and in which family: arguments that no schema here allows. */
const SPELLINGS: readonly (readonly [string, string, string])[] = [
  [
    'hermes',
    '<tool_call>',
    'So: <tool_call>\n{"name": "get_weather", "arguments": {"degrees": 77}}\n</tool_call>',
  ],
  ['hermes', '<tool_call>', '<tool_call>{"arguments":{"city":"Oslo"},"name":"get_sum"}</tool_call>'],
  ['llama3', '<|python_tag|>', '{"name": "get_weather", "parameters": {"degrees": 77}}'],
  ['llama3', '<|python_tag|>', '{"name":"get_sum","parameters":{"of":[3]}}'],
  ['llama3', '<|python_tag|>', '{"parameters": {"degrees": 77}, "name": "get_weather"}'],
  ['llama3', '<|python_tag|>', '{"type": "function", "function": {"name": "get_weather", "parameters": {}}}'],
  ['llama3', '<|python_tag|>', '<function=get_sum>{"city": "Oslo", "degrees": 1}</function>'],
  [
    'llama3',
    '<|python_tag|>',
    '{"name":"get_sum","parameters":{"of":[1]}}; {"name":"get_sum","parameters":{"of":[3]}}',
  ],
  ['mistral', '[TOOL_CALLS]', 'So [TOOL_CALLS][{"name": "get_weather", "arguments": {"degrees": 77}}]'],
  [
    'mistral',
    '[TOOL_CALLS]',
    '[TOOL_CALLS] [{"name":"get_sum","arguments":{"of":[2]}}, {"name":"get_sum","arguments":{"of":[3]}}]',
  ],
  ['mistral-v11', '[TOOL_CALLS][ARGS]', '[TOOL_CALLS]get_sum[ARGS]{"city": "Oslo", "degrees": 1}'],
  [
    'firefunction',
    'functools[',
    'functools[{"name":"get_sum","arguments":{"of":[2]}}, {"name":"get_weather","arguments":{"of":[2]}}]',
  ],
  ['firefunction', 'functools[', 'So <functioncall> {"name": "get_sum", "arguments": {"degrees": 77}}'],
  [
    'deepseek',
    '<｜tool▁call▁begin｜>```json',
    '<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>get_sum\n```json\n{"city":"Oslo"}\n```',
  ],
  [
    'deepseek-v3.1',
    '<｜tool▁call▁begin｜>',
    '<｜tool▁call▁begin｜>get_sum<｜tool▁sep｜>{"city": "Oslo", "degrees": 3}',
  ],
  ['generic-json', '', '{"name": "get_weather", "arguments": {"degrees": 77}}'],
  [
    'generic-json',
    '',
    '[{"name":"get_sum","arguments":{"of":[1]}},{"name":"get_sum","arguments":{"of":[3]}}]',
  ],
  ['generic-json', '', '```json\n{"name":"get_sum","arguments":{"of":[3]}}\n```'],
  ['generic-json', '', '<tool_call>{"name":"get_sum","arguments":{"of":[3]}}</tool_call>'],
];

function open(sign: string, model?: { script: ReturnType<typeof createHashScript> }): TestHttp {
  const messages =
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}";
  const chatTemplate = `{# ${sign} #}{{ tools | tojson }}${messages}{{ '<|im_start|>assistant\n' }}`;
  return openHttp({ chatTemplate, ...(model === undefined ? {} : { model }) });
}

/** Fails unless each call is of a tool here and its arguments satisfy that tool's own schema. */
function expectRightCalls(message: {
  tool_calls?: { function: { name: string; arguments: string } }[];
}): number {
  const calls = message.tool_calls ?? [];
  for (const call of calls) {
    const given = JSON.parse(call.function.arguments);
    if (call.function.name === 'get_weather') {
      expect(Object.keys(given).sort()).toEqual(['city', 'degrees']);
      expect([[...given.city].length <= 12, Number.isInteger(given.degrees)]).toEqual([true, true]);
      expect([given.degrees >= 0, given.degrees <= 9]).toEqual([true, true]);
    } else {
      expect(call.function.name).toBe('get_sum');
      expect(Object.keys(given)).toEqual(['of']);
      expect(given.of.every((item: unknown) => item === 1 || item === 2)).toBe(true);
    }
  }
  return calls.length;
}

describe('where the model decides, a call is held to the schema of its own function', () => {
  test.each(SPELLINGS)('%s %s: %s', async (family, sign, said) => {
    await using http = open(sign);
    expect((await http.server.inject({ url: '/status' })).json().tool_format).toBe(family);
    for (const parallel_tool_calls of [true, false]) {
      const asked = chat(said, { tools: [weather, sum], max_tokens: 400, parallel_tool_calls });
      const { status, body } = await http.post(route, asked);
      expect([status, body.error]).toEqual([200, undefined]);
      const { message, finish_reason } = body.choices[0];
      // An answer that was cut may have cut its last call.
      const isCut = finish_reason === 'length';
      const calls = expectRightCalls({ tool_calls: message.tool_calls?.slice(0, isCut ? -1 : undefined) });
      if (!isCut) expect(calls === 0 ? 'stop' : 'tool_calls').toBe(finish_reason);
      if (!parallel_tool_calls) expect(calls).toBeLessThanOrEqual(1);
    }
  });

  test.each([...new Map(SPELLINGS.map(([family, sign]) => [family, sign]))])(
    'text is left alone: %s',
    async (_, sign) => {
      await using http = open(sign);
      for (const said of ['Hello, world.', 'Look: {"a": 1} [x', '{"answer": 42}', '[1, 2]']) {
        const { body } = await http.post(route, chat(said, { tools: [weather, sum] }));
        expect(body.choices[0]).toMatchObject({ message: { content: said }, finish_reason: 'stop' });
      }
    },
  );
});

describe('a model that babbles', () => {
  test.each([...new Map(SPELLINGS.map(([family, sign]) => [family, sign]))])(
    'is held to the called function among several: %s',
    async (_, sign) => {
      await using http = open(sign, { script: createHashScript() });
      for (const [tool_choice, seed] of [
        ['any', 1],
        ['required', 2],
        [{ type: 'function' }, 3],
        [{ type: 'function', function: { name: 'get_sum' } }, 4],
      ]) {
        const asked = chat('x', { tools: [weather, sum], tool_choice, seed, max_tokens: 500 });
        const { body } = await http.post(route, asked);
        expect(expectRightCalls(body.choices[0].message)).toBe(1);
        const named = typeof tool_choice === 'object' && 'function' in tool_choice;
        if (named) expect(body.choices[0].message.tool_calls[0].function.name).toBe('get_sum');
      }
    },
  );
});

test('tool_choice none shows no tools, so what looks like a call is text', async () => {
  await using http = open('<tool_call>');
  const said = '<tool_call>{"name": "get_weather", "arguments": {}}</tool_call>';
  const asked = chat(said, { tools: [weather], tool_choice: 'none', raw_output: true });
  const { body } = await http.post(route, asked);
  expect(body.choices[0].message).toEqual({ role: 'assistant', content: said });
  expect(body.choices[0].raw_output.prompt_fragments.join('')).not.toContain('maxLength');
});
