import { expect, test } from 'vitest';
import { checkGrammar } from './check-grammar.ts';
import { GrammarError } from './grammar-error.ts';
import { vocabularyOf } from './testing/byte-vocabulary.ts';

const vocabulary = vocabularyOf();

function reportOf(schema: unknown) {
  const { keywords } = checkGrammar({ kind: 'json-schema', schema }, vocabulary);
  return Object.fromEntries(keywords.map(({ path, keyword, status }) => [`${path}/${keyword}`, status]));
}

test('each keyword of each schema is reported', () => {
  const schema = {
    title: 'an order',
    type: 'object',
    properties: {
      tags: { type: 'array', uniqueItems: true, items: { type: 'array' } },
      'a/b': { $ref: '#/$defs/code', minLenght: 3 },
      when: { type: 'string', format: 'stardate' },
    },
    $defs: { code: { pattern: '^(a)\\1$' } },
  };
  expect(reportOf(schema)).toEqual({
    '/title': 'annotation',
    '/type': 'enforced',
    '/properties': 'enforced',
    '/$defs': 'annotation',
    '/properties/tags/type': 'enforced',
    '/properties/tags/uniqueItems': 'unenforced',
    '/properties/tags/items': 'enforced',
    '/properties/tags/items/type': 'enforced',
    '/properties/a~1b/$ref': 'enforced',
    '/properties/a~1b/minLenght': 'unknown',
    '/properties/when/type': 'enforced',
    '/properties/when/format': 'unenforced',
    '/$defs/code/pattern': 'unenforced',
  });
});

test('up to draft 7 what stands beside $ref counts for nothing', () => {
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    properties: { a: { $ref: '#/definitions/b', maxLength: 1 } },
    definitions: { b: { type: 'string' } },
  };
  expect(reportOf(schema)['/properties/a/maxLength']).toBe('annotation');
  expect(reportOf({ ...schema, $schema: undefined })['/properties/a/maxLength']).toBe('enforced');
});

test('cost is told in steps, and whether strict would take the schema', () => {
  const small = checkGrammar({ kind: 'json-schema', schema: { type: 'integer' } }, vocabulary);
  const names = Array.from({ length: 40 }, (_, place) => `name${place}`);
  const properties = Object.fromEntries(names.map((name) => [name, { type: 'string', maxLength: 9 }]));
  const large = checkGrammar({ kind: 'json-schema', schema: { properties, required: names } }, vocabulary);
  expect(large.cost.steps).toBeGreaterThan(small.cost.steps);
  expect(large.cost.steps).toBeLessThan(large.cost.stepsMax);
  expect(small.isEnforced).toBe(true);
  const unique = checkGrammar({ kind: 'json-schema', schema: { uniqueItems: true } }, vocabulary);
  expect(unique.isEnforced).toBe(false);
});

test('a GBNF grammar has a cost and no keywords; a wrong one is refused at its place', () => {
  const check = checkGrammar({ kind: 'gbnf', text: 'root ::= "a"+' }, vocabulary);
  expect(check).toMatchObject({ isEnforced: true, keywords: [] });
  expect(() => checkGrammar({ kind: 'gbnf', text: 'root ::= (' }, vocabulary)).toThrow(GrammarError);
});
