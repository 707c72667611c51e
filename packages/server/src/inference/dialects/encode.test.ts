import { InferenceError } from '@sparkler/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EndpointName } from './dialect.ts';
import { encodeRequest } from './encode.ts';
import { dialects } from './index.ts';

const extension = { request_id: 'r', isolation_key: 'alice', tenant: 'alice', priority: 0, adapter: null };

function encode(
  dialect: string,
  fields: Record<string, unknown>,
  options: { adapter?: string; endpoint?: EndpointName; supportsTools?: boolean } = {},
): Record<string, unknown> {
  const request = {
    endpoint: options.endpoint ?? ('chat' as const),
    raw: Buffer.from(JSON.stringify(fields)),
    fields,
    model: 'upstream-name',
    extension: { ...extension, adapter: options.adapter ?? null },
    supportsTools: options.supportsTools ?? true,
  };
  return JSON.parse(encodeRequest(dialects.get(dialect)!, request).toString());
}

test('the native dialect sends every field as it came, our model name and the extension', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (fields, space) => {
      const all = { ...fields, model: 'asked', sparkler: undefined };
      const raw = Buffer.from(`${JSON.stringify(all)}${' '.repeat(space.length)}\n`);
      const request = {
        endpoint: 'chat' as const,
        raw,
        fields: all,
        model: 'full',
        extension,
        supportsTools: false,
      };
      const sent = JSON.parse(encodeRequest(dialects.get('native')!, request).toString());
      expect(sent).toEqual({ ...JSON.parse(raw.toString()), model: 'full', sparkler: extension });
    }),
  );
});

test('text with braces and letters of several bytes survives the splice', () => {
  const messages = [{ role: 'user', content: 'a } b {"x":1}} – 漢字 🌵' }];
  expect(encode('native', { model: 'm', messages }).messages).toEqual(messages);
});

test('other servers are asked for usage in streams, under the names they know', () => {
  const asked = { model: 'm', max_tokens: 5, stream: true, service_tier: 'auto', user: null };
  expect(encode('openai', asked)).toEqual({
    model: 'upstream-name',
    max_tokens: 5,
    stream: true,
    stream_options: { include_usage: true },
  });
  expect(encode('vllm', { model: 'm', prompt_cache_isolation_key: 'k', prompt_truncate_len: 5 })).toEqual({
    model: 'upstream-name',
    cache_salt: 'alice',
    truncate_prompt_tokens: 5,
  });
  expect(encode('llama-server', { model: 'm', max_tokens: 5, repetition_penalty: 1.1 })).toEqual({
    model: 'upstream-name',
    max_tokens: 5,
    repeat_penalty: 1.1,
  });
});

test('caches of servers that can separate them are separated by account, asked for or not', () => {
  expect(encode('vllm', { model: 'm' }).cache_salt).toBe('alice');
});

test('what a server lacks is refused by name, unless it is switched off anyway', () => {
  expect(() => encode('openai', { model: 'm', top_k: 5 })).toThrow(InferenceError);
  expect(() => encode('openai', { model: 'm', top_k: 5 })).toThrow(/'top_k' can't be honoured.*leave it out/);
  expect(() => encode('openai', { model: 'm', response_format: { type: 'grammar', grammar: 'x' } })).toThrow(
    /'response_format.grammar'/,
  );
  expect(() => encode('openai', { model: 'm', prompt_cache_isolation_key: 'k' })).toThrow(/isolation_key/);
  expect(encode('openai', { model: 'm', max_tokens: 5, raw_output: false, top_k: null })).toEqual({
    model: 'upstream-name',
    max_tokens: 5,
  });
});

test('an adapter is the model on servers that do it so, and refused by those that cannot', () => {
  expect(encode('vllm', { model: 'm' }, { adapter: 'my-lora' }).model).toBe('my-lora');
  expect(() => encode('llama-server', { model: 'm' }, { adapter: 'my-lora' })).toThrow(/adapter/);
});

test('without max_tokens it is 2048, but not where a server refuses what exceeds its context', () => {
  expect(encode('openai', { model: 'm' })).toMatchObject({ max_tokens: 2048 });
  expect(encode('llama-server', { model: 'm', max_completion_tokens: 7 }).max_tokens).toBeUndefined();
  expect(encode('vllm', { model: 'm' }).max_tokens).toBeUndefined();
  const older = encode('openai', { model: 'm', max_completion_tokens: 7 }, { endpoint: 'completions' });
  expect(older).toEqual({ model: 'upstream-name', max_tokens: 7 });
  expect(encode('openai', { model: 'm', input: 'x' }, { endpoint: 'embeddings' }).max_tokens).toBeUndefined();
});

test('a schema goes into the wrapper of OpenAI from wherever it was, a grammar into the field for it', () => {
  const schema = { type: 'object', properties: { a: { type: 'boolean' } } };
  const wrapped = { type: 'json_schema', json_schema: { name: 'answer', schema } };
  for (const given of [
    { type: 'json_object', schema },
    { type: 'json_schema', schema: JSON.stringify(schema) },
    { type: 'json_schema', json_schema: schema },
    { type: 'json_schema', json_schema: { name: 'answer', schema: JSON.stringify(schema) } },
  ]) {
    expect(encode('openai', { model: 'm', response_format: given }).response_format).toEqual(wrapped);
  }
  const plain = { type: 'json_object' };
  expect(encode('vllm', { model: 'm', response_format: plain }).response_format).toEqual(plain);
  const grammar = encode('llama-server', { model: 'm', response_format: { type: 'grammar', grammar: 'g' } });
  expect(grammar).toMatchObject({ grammar: 'g' });
  expect(grammar).not.toHaveProperty('response_format');
  expect(() => encode('openai', { model: 'm', response_format: { ...plain, schema: 'no' } })).toThrow(
    /response_format.schema is no JSON object/,
  );
});

test('log probabilities in the form that a server does not answer in are refused, with the other one', () => {
  const chat = { model: 'm', logprobs: true, top_logprobs: 2 };
  expect(encode('llama-server', chat)).toMatchObject({ logprobs: true, top_logprobs: 2 });
  expect(() => encode('openai', { model: 'm', logprobs: 2 })).toThrow(
    /"logprobs": true, "top_logprobs": 2 instead/,
  );
  const endpoint = 'completions';
  expect(encode('openai', { model: 'm', logprobs: 2 }, { endpoint })).toMatchObject({ logprobs: 2 });
  expect(() => encode('vllm', chat, { endpoint })).toThrow(/"logprobs": 2 without top_logprobs/);
  const number = encode('llama-server', chat, { endpoint });
  expect(number).toMatchObject({ logprobs: 2 });
  expect(number).not.toHaveProperty('top_logprobs');
});

test('tools are refused where the template of the model has no place for them', () => {
  const asked = { model: 'm', tools: [{}], tool_choice: 'any' };
  expect(encode('llama-server', asked)).toMatchObject({ tools: [{}], tool_choice: 'required' });
  expect(() => encode('llama-server', asked, { supportsTools: false })).toThrow(/'tools'.*chat template/);
  expect(encode('llama-server', { model: 'm', tools: [] }, { supportsTools: false }).tools).toEqual([]);
});

test('several choices or prompts are refused where usage would count one of them', () => {
  expect(() => encode('llama-server', { model: 'm', n: 2 })).toThrow(/'n' can't be honoured/);
  const prompts = { model: 'm', prompt: ['a', 'b'] };
  expect(() => encode('llama-server', prompts, { endpoint: 'completions' })).toThrow(/'prompt' can't/);
  const ids = encode('llama-server', { model: 'm', prompt: [1, 2] }, { endpoint: 'completions' });
  expect(ids.prompt).toEqual([1, 2]);
  expect(encode('openai', { model: 'm', n: 2 }).n).toBe(2);
});
