import { expect, test } from 'vitest';
import { compileGrammar } from './compile-grammar.ts';
import { acceptsText } from './testing/accepts-text.ts';
import { vocabularyOf } from './testing/byte-vocabulary.ts';

const vocabulary = vocabularyOf();

test('a GBNF grammar accepts its sentences and nothing else', () => {
  const grammar = compileGrammar(
    { kind: 'gbnf', text: 'root ::= ("- " item)+\nitem ::= [^\\n]+ "\\n"' },
    vocabulary,
  );
  expect(acceptsText(grammar, '- a\n- é\n')).toBe(true);
  expect(acceptsText(grammar, '- a')).toBe(false);
  expect(acceptsText(grammar, '')).toBe(false);
});

test('a schema with properties is closed by default and takes them in any order', () => {
  const schema = {
    type: 'object',
    properties: { foo: { type: 'string' }, bar: { type: 'integer' } },
    required: ['foo'],
  };
  const grammar = compileGrammar({ kind: 'json-schema', schema }, vocabulary);
  expect(acceptsText(grammar, '{"foo":"x"}')).toBe(true);
  expect(acceptsText(grammar, '{ "bar": 1,\n  "foo": "x" }')).toBe(true);
  expect(acceptsText(grammar, '{"bar":1}')).toBe(false);
  expect(acceptsText(grammar, '{"foo":"x","baz":1}')).toBe(false);
  expect(acceptsText(grammar, '{"foo":"x","foo":"y"}')).toBe(false);
});

test('json-object takes any object and no other value', () => {
  const grammar = compileGrammar({ kind: 'json-object' }, vocabulary);
  expect(acceptsText(grammar, '{"a":[1,{"b":null}],"c":"\\u00e9\\ud83d\\ude00"}')).toBe(true);
  expect(acceptsText(grammar, '[]')).toBe(false);
  expect(acceptsText(grammar, '{"a":01}')).toBe(false);
});

test('a pattern is matched from end to end', () => {
  const grammar = compileGrammar({ kind: 'regex', pattern: '[a-c]{2,3}|é+' }, vocabulary);
  expect(acceptsText(grammar, 'abc')).toBe(true);
  expect(acceptsText(grammar, 'éé')).toBe(true);
  expect(acceptsText(grammar, 'abca')).toBe(false);
});

test('strict refuses what cannot be enforced, and says where', () => {
  const schema = { properties: { tags: { type: 'array', uniqueItems: true } } };
  expect(compileGrammar({ kind: 'json-schema', schema }, vocabulary).unenforced).toMatchObject([
    { path: '/properties/tags', keyword: 'uniqueItems' },
  ]);
  expect(() => compileGrammar({ kind: 'json-schema', schema, strict: true }, vocabulary)).toThrow(
    /\/properties\/tags: "uniqueItems" cannot be enforced/,
  );
});

test('a name written twice counts once towards minProperties', () => {
  const schema = {
    type: 'object',
    minProperties: 2,
    maxProperties: 3,
    additionalProperties: { type: 'boolean' },
  };
  const grammar = compileGrammar({ kind: 'json-schema', schema }, vocabulary);
  expect(acceptsText(grammar, '{"a":true,"b":true}')).toBe(true);
  expect(acceptsText(grammar, '{"a":true,"a":false}')).toBe(false);
  expect(acceptsText(grammar, '{"a":true,"\\u0061":false}')).toBe(false);
  expect(acceptsText(grammar, '{"a":true,"a":false,"é":true}')).toBe(true);
  expect(acceptsText(grammar, '{"a":true,"b":true,"c":true,"d":true}')).toBe(false);
  const three = compileGrammar(
    { kind: 'json-schema', schema: { minProperties: 3, required: ['k'], type: 'object' } },
    vocabulary,
  );
  expect(acceptsText(three, '{"x":1,"k":1,"x":2}')).toBe(false);
  expect(acceptsText(three, '{"x":1,"k":1,"x":2,"y":3}')).toBe(true);
});

test('names and constants are written as they are, everything else as JSON allows', () => {
  const schema = {
    type: 'object',
    properties: {
      'a/b': { enum: ['on', 'é', 'say "hi"', 'x', 'y'] },
      text: { type: 'string', minLength: 1 },
    },
  };
  const grammar = compileGrammar({ kind: 'json-schema', schema }, vocabulary);
  for (const text of [
    '{"a/b":"on"}',
    '{"a/b":"\\u00e9"}',
    '{"a/b":"say \\"hi\\""}',
    '{"text":"\\u0061\\/"}',
  ]) {
    expect([text, acceptsText(grammar, text)]).toEqual([text, true]);
  }
  const escaped = ['{"a\\/b":"x"}', '{"\\u0061/b":"x"}', '{"a/b":"\\u006fn"}', '{"a/b":"\\u0078"}'];
  for (const text of [...escaped, '{"a/b":"say \\u0022hi\\u0022"}']) {
    expect([text, acceptsText(grammar, text)]).toEqual([text, false]);
  }
});

test('an escaped name is still the name it spells where others may stand beside it', () => {
  const schema = { type: 'object', properties: { n: { type: 'null' } }, additionalProperties: true };
  const grammar = compileGrammar({ kind: 'json-schema', schema }, vocabulary);
  expect(acceptsText(grammar, '{"\\u006e":null}')).toBe(true);
  expect(acceptsText(grammar, '{"\\u006e":1}')).toBe(false);
  expect(acceptsText(grammar, '{"\\u006e\\u006e":1}')).toBe(true);
  const mixed = { anyOf: [{ const: 'on' }, { type: 'string', pattern: '^o.*f$' }] };
  const values = compileGrammar({ kind: 'json-schema', schema: mixed }, vocabulary);
  expect(acceptsText(values, '"\\u006ff"')).toBe(true);
  expect(acceptsText(values, '"o\\u006ef"')).toBe(true);
});

test('the only name there may be is forced', () => {
  const schema = { type: 'object', properties: { name: { const: 'get_time' } }, required: ['name'] };
  const grammar = compileGrammar({ kind: 'json-schema', schema }, vocabularyOf(['get', '_time"', 'name"']));
  const matcher = grammar.createMatcher();
  const forcedAfter = (text: string) => {
    matcher.reset();
    for (const byte of new TextEncoder().encode(text)) matcher.accept(byte + 1);
    return matcher.forcedTokens();
  };
  expect(forcedAfter('{"')).toEqual([259]);
  expect(forcedAfter('{"name": "')).toEqual([257, 258]);
});
