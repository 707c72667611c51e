import { describe, expect, test } from 'vitest';
import { inferenceCheckers } from './index.ts';

const user = { role: 'user', content: 'hi' };
function complaint(kind: keyof typeof inferenceCheckers, body: object): string {
  const result = inferenceCheckers[kind].check(JSON.parse(JSON.stringify(body)));
  return result.ok ? 'fits' : result.problem.message;
}
const chat = (fields: object) => complaint('chatCompletion', { model: 'm', messages: [user], ...fields });
const tool = (name: string) => ({ type: 'function', function: { name, parameters: { type: 'object' } } });

describe('bodies that real clients send are accepted', () => {
  test('every documented sampling option', () => {
    const fields = {
      stream: true,
      stream_options: { include_usage: true },
      n: 2,
      stop: ['\n'],
      max_tokens: 0,
      temperature: 0.5,
      top_p: 0.9,
      top_k: 40,
      min_p: 0.05,
      typical_p: 0.9,
      frequency_penalty: -2,
      presence_penalty: 2,
      repetition_penalty: 1.1,
      mirostat_target: 5,
      mirostat_lr: 0.1,
      seed: -7,
      logprobs: true,
      top_logprobs: 5,
      logit_bias: { 0: 10, 2: -200 },
      ignore_eos: true,
      context_length_exceeded_behavior: 'error',
      user: 'u',
      raw_output: true,
      perf_metrics_in_response: true,
      return_token_ids: true,
      rewrite_speculation: true,
      disable_speculation: false,
      prediction: { type: 'content', content: 'x' },
      metadata: { a: 'b' },
      store: false,
      reasoning_effort: 5000,
      prompt_cache_isolation_key: 'k',
      prompt_cache_max_len: 0,
      prompt_truncate_len: 100,
      service_tier: 'auto',
    };
    expect(chat(fields)).toBe('fits');
  });

  test('a whole answer dumped with its nulls and sent back', () => {
    const call = { id: 'call_1', index: 0, type: 'function', function: { name: 'f', arguments: '{}' } };
    const answer = {
      content: null,
      refusal: null,
      role: 'assistant',
      audio: null,
      function_call: null,
      annotations: [],
      tool_calls: [call],
    };
    const messages = [user, answer, { role: 'tool', content: '{"population": 883305}' }];
    expect(chat({ messages, tools: [tool('f')] })).toBe('fits');
  });

  test('images, developer messages, names and reasoning', () => {
    const messages = [
      { role: 'developer', content: [{ type: 'text', text: 'be brief' }] },
      {
        role: 'user',
        name: 'ann',
        content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA' } }],
      },
      { role: 'assistant', content: 'a cat', reasoning_content: 'whiskers' },
      user,
    ];
    expect(chat({ messages })).toBe('fits');
  });

  test('both forms of a JSON schema', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } };
    expect(chat({ response_format: { type: 'json_object', schema } })).toBe('fits');
    expect(
      chat({ response_format: { type: 'json_schema', json_schema: { name: 'x', strict: true, schema } } }),
    ).toBe('fits');
    expect(chat({ response_format: { type: 'grammar', grammar: 'root ::= "a"' } })).toBe('fits');
  });

  test.each([['text'], [['a', 'b']], [[1, 2]], [[[1], [2]]]])('prompt and input %j', (value) => {
    expect(complaint('completion', { model: 'm', prompt: value })).toBe('fits');
    expect(complaint('embedding', { model: 'm', input: value, encoding_format: 'base64' })).toBe('fits');
  });

  test('the engine extension, on engine requests only', () => {
    const sparkler = { request_id: 'r', isolation_key: 'k', tenant: 't', priority: -1, adapter: null };
    const body = { model: 'm', messages: [user], sparkler };
    expect(complaint('engineChatCompletion', body)).toBe('fits');
    expect(complaint('chatCompletion', body)).toBe("unknown field 'sparkler'");
  });
});

describe('fields that contradict each other are refused by name', () => {
  test.each([
    [{ max_tokens: 1, max_completion_tokens: 1 }, 'send max_tokens or max_completion_tokens, not both'],
    [
      { thinking: { type: 'disabled' }, reasoning_effort: 'low' },
      'send thinking or reasoning_effort, not both',
    ],
    [{ top_logprobs: 2 }, 'top_logprobs needs logprobs: true'],
    [{ stream_options: { include_usage: true } }, 'stream_options needs stream: true'],
    [{ mirostat_lr: 0.1 }, 'mirostat_lr needs mirostat_target'],
    [{ tool_choice: 'any' }, 'tool_choice asks for a call but there are no tools'],
    [{ tool_choice: { type: 'function' }, tools: [] }, 'tool_choice asks for a call but there are no tools'],
    [{ tools: [tool('a'), tool('a')] }, 'tools[1].function.name must differ from the names before it'],
    [
      { tools: [tool('a')], tool_choice: { type: 'function', function: { name: 'b' } } },
      "tool_choice names 'b', which is not among the tools",
    ],
    [{ response_format: { type: 'json_schema' } }, "missing field 'json_schema' in response_format"],
    [{ messages: [{ role: 'assistant', content: null }] }, 'messages[0] needs content or tool_calls'],
  ])('%j', (fields, expected) => {
    expect(chat(fields)).toBe(expected);
  });

  test('a forced call of a known tool is fine in each spelling', () => {
    const tools = [tool('a')];
    for (const tool_choice of ['any', 'required', { type: 'function' }, { type: 'function', name: 'a' }]) {
      expect(chat({ tools, tool_choice })).toBe('fits');
    }
  });

  test('embedding objects need a template, and a template objects', () => {
    expect(complaint('embedding', { model: 'm', input: { q: 'x' } })).toMatch(/^input needs prompt_template/);
    expect(complaint('embedding', { model: 'm', input: 'x', prompt_template: '{{q}}' })).toMatch(
      /^input must be/,
    );
    expect(complaint('embedding', { model: 'm', input: [{ q: 'x' }], prompt_template: '{{q}}' })).toBe(
      'fits',
    );
  });
});
