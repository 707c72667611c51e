const word = { type: 'string', maxLength: 12 };
const digit = { type: 'integer', minimum: 0, maximum: 9 };

/** An object that needs all of its properties. */
function record(properties: Readonly<Record<string, unknown>>, more: object = {}) {
  return { type: 'object', properties, required: Object.keys(properties), ...more };
}

function list(items: unknown, more: object = {}) {
  return { type: 'array', items, minItems: 1, maxItems: 3, ...more };
}

/** Schemas of 2020-12 with short values: every keyword that restricts, alone and together. */
export const SCHEMAS: readonly unknown[] = [
  {
    type: 'object',
    maxProperties: 2,
    additionalProperties: digit,
    propertyNames: { pattern: '^[a-z]{1,3}$' },
  },
  { type: 'null' },
  { type: ['boolean', 'null'] },
  { type: 'integer', minimum: -99, maximum: 99 },
  { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
  { type: 'number', multipleOf: 0.25, minimum: -2, maximum: 2 },
  { type: 'integer', multipleOf: 7, minimum: 0 },
  { type: 'string', minLength: 2, maxLength: 6 },
  { type: 'string', pattern: '^[A-Z]{2}-\\d{3}$' },
  { type: 'string', pattern: 'é+$', maxLength: 6 },
  { type: 'string', format: 'date' },
  { type: 'string', format: 'uuid' },
  { type: 'string', format: 'ipv4' },
  { type: 'string', format: 'time' },
  { enum: ['red', 'green', 'blue', 'ultra violet'] },
  { enum: [1, 'one', null, [1], { one: 1 }] },
  { const: { fixed: [true, 'é"\\', 1e3] } },
  record({ name: word, age: { type: 'integer', minimum: 0, maximum: 150 } }),
  record({ a: word }, { additionalProperties: false }),
  { type: 'object', properties: { a: digit, b: digit, c: digit }, required: ['b'] },
  record({ a: digit }, { additionalProperties: digit, maxProperties: 3 }),
  record({ a: digit }, { patternProperties: { '^x-': word }, additionalProperties: false, maxProperties: 2 }),
  { type: 'object', minProperties: 2, maxProperties: 3, additionalProperties: { type: 'boolean' } },
  record(
    { card: digit },
    { dependentRequired: { card: ['address'] }, properties: { card: digit, address: word } },
  ),
  record({ kind: { enum: ['a', 'b'] }, more: record({ deep: record({ deeper: digit }) }) }),
  list(digit),
  list(word, { minItems: 2, maxItems: 2 }),
  list({ enum: ['x', 'y', 'z'] }, { uniqueItems: true }),
  { type: 'array', prefixItems: [word, digit, { type: 'boolean' }], items: false, minItems: 3 },
  { type: 'array', prefixItems: [{ const: 'head' }], items: digit, minItems: 2, maxItems: 4 },
  { type: 'array', items: digit, contains: { const: 7 }, maxItems: 4 },
  { type: 'array', items: digit, contains: { minimum: 5 }, minContains: 2, maxContains: 3, maxItems: 5 },
  list(list(digit)),
  list(record({ id: digit, tag: { enum: ['a', 'b', 'c'] } })),
  { anyOf: [digit, word, { type: 'null' }] },
  { anyOf: [record({ circle: digit }), record({ square: digit }), record({ square: digit, side: digit })] },
  {
    oneOf: [
      { type: 'integer', maximum: 5, minimum: 0 },
      { type: 'integer', minimum: 3, maximum: 9 },
    ],
  },
  {
    oneOf: [
      record({ type: { const: 'cat' }, lives: digit }),
      record({ type: { const: 'dog' }, tricks: list(word) }),
    ],
  },
  { allOf: [{ type: 'integer', minimum: 3 }, { maximum: 12 }, { multipleOf: 2 }] },
  { allOf: [record({ a: digit }), record({ b: word })], unevaluatedProperties: false },
  { type: 'integer', minimum: 0, maximum: 9, not: { enum: [3, 4, 5] } },
  { type: 'string', maxLength: 5, not: { pattern: '^a' } },
  record(
    { country: { enum: ['DE', 'US'] }, code: { type: 'string', maxLength: 5 } },
    {
      if: { properties: { country: { const: 'DE' } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { properties: { code: { pattern: '^\\d{5}$' } } },
      else: { properties: { code: { pattern: '^[A-Z]{2}$' } } },
    },
  ),
  { $ref: '#/$defs/point', $defs: { point: record({ x: digit, y: digit }) } },
  {
    $ref: '#/$defs/tree',
    $defs: {
      tree: record({
        value: digit,
        children: { type: 'array', maxItems: 1, items: { $ref: '#/$defs/tree' } },
      }),
    },
  },
  {
    $ref: '#node',
    $defs: {
      node: {
        $anchor: 'node',
        type: ['object', 'null'],
        properties: { next: { $ref: '#node' } },
        required: ['next'],
      },
    },
  },
  record({ 'a "quoted" name': digit, 'né\n': { type: 'boolean' } }),
  record({
    name: record({ first: word, last: word }),
    tags: list({ enum: ['new', 'old'] }),
    ok: { type: 'boolean' },
  }),
  record({
    items: list(record({ sku: { type: 'string', pattern: '^[A-Z]\\d{2}$' }, count: digit })),
    total: { type: 'number', minimum: 0, maximum: 999 },
  }),
  record({
    calls: list({
      anyOf: [
        record({ name: { const: 'get' }, arguments: record({ city: word }) }),
        record({ name: { const: 'stop' } }),
      ],
    }),
  }),
];
