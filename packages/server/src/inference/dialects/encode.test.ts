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
  options: { adapter?: string; endpoint?: EndpointName } = {},
): Record<string, unknown> {
  const request = {
    endpoint: options.endpoint ?? ('chat' as const),
    raw: Buffer.from(JSON.stringify(fields)),
    fields,
    model: 'upstream-name',
    extension: { ...extension, adapter: options.adapter ?? null },
  };
  return JSON.parse(encodeRequest(dialects.get(dialect)!, request).toString());
}

test('the native dialect sends every field as it came, our model name and the extension', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.string(), (fields, space) => {
      const all = { ...fields, model: 'asked', sparkler: undefined };
      const raw = Buffer.from(`${JSON.stringify(all)}${' '.repeat(space.length)}\n`);
      const request = { endpoint: 'chat' as const, raw, fields: all, model: 'full', extension };
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
  const sent = encode('openai', { model: 'm', stream: true, service_tier: 'auto', user: null });
  expect(sent).toEqual({ model: 'upstream-name', stream: true, stream_options: { include_usage: true } });
  expect(encode('vllm', { model: 'm', prompt_cache_isolation_key: 'k', prompt_truncate_len: 5 })).toEqual({
    model: 'upstream-name',
    cache_salt: 'alice',
    truncate_prompt_tokens: 5,
  });
  expect(encode('llama-server', { model: 'm', repetition_penalty: 1.1 })).toEqual({
    model: 'upstream-name',
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
  expect(encode('openai', { model: 'm', raw_output: false, top_k: null })).toEqual({
    model: 'upstream-name',
  });
});

test('an adapter is the model on servers that do it so, and refused by those that cannot', () => {
  expect(encode('vllm', { model: 'm' }, { adapter: 'my-lora' }).model).toBe('my-lora');
  expect(() => encode('llama-server', { model: 'm' }, { adapter: 'my-lora' })).toThrow(/adapter/);
});
