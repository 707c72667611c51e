import fc from 'fast-check';
import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { ChatCompletionRequest, CompletionRequest, EmbeddingRequest } from './inference/index.ts';
import { closed, FREE_JSON_DEPTH_MAX, freeJson, maybe, taggedUnion } from './schema.ts';
import { compileChecker } from './validate.ts';

function complaint(schema: Parameters<typeof compileChecker>[0], value: unknown): string {
  const result = compileChecker(schema).check(value);
  return result.ok ? 'fits' : `${result.problem.field}: ${result.problem.message}`;
}

const user = { role: 'user', content: 'hi' };
const chat = (fields: object) =>
  complaint(ChatCompletionRequest, { model: 'm', messages: [user], ...fields });

describe('a complaint names the field and what it should be', () => {
  test.each([
    [{ foo: 1 }, "foo: unknown field 'foo'"],
    [{ max_token: 1 }, "max_token: unknown field 'max_token'; did you mean 'max_tokens'?"],
    [{ maxTokens: 1 }, "maxTokens: unknown field 'maxTokens'; did you mean 'max_tokens'?"],
    [{ best_of: 2 }, "best_of: unsupported field 'best_of': use 'n' instead"],
    [{ sparkler: {} }, "sparkler: unknown field 'sparkler'"],
    [{ model: undefined }, 'model: model must be a string, not nothing'],
    [{ temperature: 3 }, 'temperature: temperature must be at most 2, not 3'],
    [{ temperature: '1' }, 'temperature: temperature must be a number or null, not a string'],
    [{ n: 1.5 }, 'n: n must be an integer, not 1.5'],
    [{ stop: 5 }, 'stop: stop must be a string, an array or null, not a number'],
    [{ stop: [1] }, 'stop[0]: stop[0] must be a string, not a number'],
    [{ logit_bias: { hello: 1 } }, "logit_bias.hello: key 'hello' in logit_bias must be a token id"],
    [{ logit_bias: { 1: 300 } }, 'logit_bias["1"]: logit_bias["1"] must be at most 200, not 300'],
    [{ store: true }, 'store: store must be false or left out: completions are never stored'],
    [{ messages: [] }, 'messages: messages must not be empty'],
  ])('%j', (fields, expected) => {
    expect(chat(fields)).toBe(expected);
  });

  test('of a union of messages or parts, only the branch meant is judged', () => {
    const within = (message: unknown) => chat({ messages: [user, message] });
    expect(within({ role: 'robot', content: '' })).toMatch(
      /^messages\[1\]\.role: .* must be one of 'user', /,
    );
    expect(within({ content: '' })).toMatch(/^messages\[1\]\.role: missing field 'role' in messages\[1\]/);
    expect(within({ role: 'tool', content: 5 })).toBe(
      'messages[1].content: messages[1].content must be a string or an array, not a number',
    );
    expect(within({ role: 'user', content: [{ type: 'image_url', image_url: { uri: 'x' } }] })).toBe(
      "messages[1].content[0].image_url.uri: unknown field 'uri' in messages[1].content[0].image_url; " +
        "did you mean 'url'?",
    );
    expect(within({ role: 'user', content: [{ type: 'input_audio' }] })).toMatch(
      /content\[0\]\.type must be one of/,
    );
  });

  test.each([
    [[1.5], 'prompt[0]: prompt[0] must be an integer, not 1.5'],
    [[[1, -1]], 'prompt[0][1]: prompt[0][1] must be at least 0, not -1'],
    [['a', [1]], 'prompt[1]: prompt[1] must be a string, not an array'],
    [[[]], 'prompt[0]: prompt[0] must not be empty'],
  ])('of a prompt %j, the kind of list that it begins as is judged', (prompt, expected) => {
    expect(complaint(CompletionRequest, { model: 'm', prompt })).toBe(expected);
  });

  test('text of the caller is never quoted back', () => {
    const secret = 'my secret prompt';
    expect(chat({ messages: [{ role: secret, content: secret }] })).not.toContain(secret);
    expect(chat({ tool_choice: secret, seed: secret })).not.toContain(secret);
  });

  test('a body that is no object is named as such', () => {
    expect(complaint(CompletionRequest, [])).toBe(': the request body must be an object, not an array');
    expect(complaint(CompletionRequest, { model: 'm' })).toBe("prompt: missing field 'prompt'");
  });
});

describe('free-form JSON', () => {
  const nest = (levels: number) => {
    let value: unknown = 1;
    for (let level = 0; level < levels; level++) value = level % 2 === 0 ? { a: value } : [value];
    return value;
  };
  const schema = closed({ json: freeJson() });

  test('is accepted up to the depth limit and refused beyond, however deep', () => {
    expect(complaint(schema, { json: nest(FREE_JSON_DEPTH_MAX) })).toBe('fits');
    expect(complaint(schema, { json: nest(FREE_JSON_DEPTH_MAX + 2) })).toMatch(
      /^json: json must be JSON nested/,
    );
    expect(complaint(schema, { json: nest(200_000) })).toMatch(/^json: json must be JSON nested/);
    expect(chat({ messages: [{ role: 'user', content: nest(200_000) }] })).toMatch(/content/);
  });
});

/** Values near a valid request: keys and values the schemas know, combined at random. */
const words = fc.constantFrom(
  'user',
  'assistant',
  'tool',
  'text',
  'function',
  'auto',
  'm',
  '',
  '12',
  'json_object',
);
const keys = fc.constantFrom(
  ...[
    'model',
    'messages',
    'role',
    'content',
    'type',
    'text',
    'stop',
    'n',
    'tools',
    'function',
    'name',
    'prompt',
  ],
  ...[
    'input',
    'logit_bias',
    '17',
    'temperature',
    'response_format',
    'schema',
    'tool_choice',
    'thinking',
    'x',
  ],
);
const near = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      words,
      fc.constantFrom(null, true, false, 0, 1, -1, 1.5, 300, 1e300),
      fc.string({ unit: 'grapheme' }),
    ),
    fc.array(tie('value'), { maxLength: 5 }),
    fc.dictionary(keys, tie('value'), { maxKeys: 5 }),
  ),
})).value;

describe('the explanation agrees with the compiled check', () => {
  const odd = closed({
    text: maybe(Type.String({ minLength: 2, maxLength: 3 })),
    n: Type.Optional(Type.Integer({ exclusiveMinimum: 0, maximum: 5 })),
    x: Type.Optional(
      taggedUnion('type', [closed({ type: Type.Literal('text') }), closed({ type: Type.Literal('m') })]),
    ),
  });
  test.each([
    ['chat completion', ChatCompletionRequest],
    ['completion', CompletionRequest],
    ['embedding', EmbeddingRequest],
    ['mixed', odd],
  ])('%s', (_, schema) => {
    const checker = compileChecker(schema);
    const base = { model: 'm', messages: [user], prompt: 'p', input: 'i', text: 'ab', n: 1 };
    const body = fc.oneof(
      near,
      fc
        .tuple(fc.dictionary(keys, near, { maxKeys: 3 }), fc.subarray(Object.keys(base)))
        .map(([fields, kept]) => ({
          ...Object.fromEntries(Object.entries(base).filter(([key]) => kept.includes(key))),
          ...fields,
        })),
    );
    fc.assert(
      fc.property(body, (value) => {
        const result = checker.check(value);
        if (!result.ok) expect(result.problem.message).not.toBe('the request body does not fit the schema');
      }),
      { numRuns: 2000 },
    );
  });
});
