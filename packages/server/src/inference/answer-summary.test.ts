import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutExtension, findUsage } from './answer-summary.ts';
import { extensionOf } from './testbed/test-replica.ts';

const extension = extensionOf('r', 5, 6);

test('the extension is cut off and every other byte stays as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { minKeys: 1 }), (answer) => {
      delete answer.sparkler;
      const plain = JSON.stringify({ ...answer, id: 'x' });
      const sent = `${plain.slice(0, -1)},"sparkler":${JSON.stringify(extension)}}`;
      const cut = cutExtension(Buffer.from(sent));
      expect(cut.rest.toString()).toBe(plain);
      expect(cut.extension).toEqual(extension);
    }),
  );
});

test('an extension that is not the last field is taken out too', () => {
  const sent = JSON.stringify({ id: 'x', sparkler: extension, usage: { prompt_tokens: 1 } });
  const cut = cutExtension(Buffer.from(sent));
  expect(JSON.parse(cut.rest.toString())).toEqual({ id: 'x', usage: { prompt_tokens: 1 } });
  expect(cut.extension).toEqual(extension);
});

test('text that looks like the extension stays in the answer', () => {
  const sent = JSON.stringify({ text: 'say ,"sparkler":{"request_id":"no"}} please' });
  const cut = cutExtension(Buffer.from(sent));
  expect(cut.rest.toString()).toBe(sent);
  expect(cut.extension).toBeNull();
});

test('usage is found behind any amount of data and braces in strings', () => {
  const usage = {
    prompt_tokens: 3,
    completion_tokens: 4,
    note: 'a } brace',
    prompt_tokens_details: { cached_tokens: 1 },
  };
  const body = JSON.stringify({ data: ['"usage": {"prompt_tokens": 99}'], usage, tail: 1 });
  expect(findUsage(Buffer.from(body))).toEqual({
    promptTokens: 3,
    cachedPromptTokens: 1,
    completionTokens: 4,
  });
});

test('a nested field named usage does not hide the real one', () => {
  const body = JSON.stringify({
    usage: { prompt_tokens: 3, total_tokens: 3 },
    logprobs: { usage: { x: -0.5 } },
  });
  expect(findUsage(Buffer.from(body))).toEqual({
    promptTokens: 3,
    cachedPromptTokens: 0,
    completionTokens: 0,
  });
});
