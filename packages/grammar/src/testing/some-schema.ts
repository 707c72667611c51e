import fc from 'fast-check';

/** Small schemas that mostly have values: every type, bounds, patterns, alternatives. */
export const someSchema: fc.Arbitrary<Readonly<Record<string, unknown>>> = fc.letrec<{
  schema: Readonly<Record<string, unknown>>;
}>((tie) => ({
  schema: fc.oneof(
    { depthSize: 'small', maxDepth: 3, withCrossShrink: true },
    fc.oneof(someNumber(), someString(), someConstant()),
    someObject(tie('schema')),
    someOpenObject(tie('schema')),
    someArray(tie('schema')),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
  ),
})).schema;

type SchemaArbitrary = fc.Arbitrary<Readonly<Record<string, unknown>>>;

function someNumber(): SchemaArbitrary {
  return fc
    .tuple(
      fc.constantFrom('integer', 'number'),
      fc.constantFrom('minimum', 'exclusiveMinimum'),
      fc.constantFrom('maximum', 'exclusiveMaximum'),
      fc.integer({ min: -120, max: 120 }),
      fc.integer({ min: 2, max: 300 }),
    )
    .map(([type, low, high, least, width]) => ({ type, [low]: least / 2, [high]: least / 2 + width }));
}

function someString(): SchemaArbitrary {
  const lengths = fc
    .tuple(fc.nat(3), fc.nat(3))
    .map(([minLength, more]) => ({ type: 'string', minLength, maxLength: minLength + more }));
  const patterns = fc
    .constantFrom('^[a-c]{1,3}$', '^a|b$', 'é', '^(ab)+$', '^\\d{2}-\\d$', '^[^"\\\\]{0,2}$', '^$')
    .map((pattern) => ({ type: 'string', pattern, maxLength: 8 }));
  return fc.oneof(lengths, patterns);
}

function someConstant(): SchemaArbitrary {
  const value = fc.constantFrom<unknown>('a', 'ab', 'a"b', 'é\n', 0, -1, 2.5, true, false, null, [], [1], {
    a: 1,
  });
  return fc.oneof(
    fc.uniqueArray(value, { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
    value.map((constant) => ({ const: constant })),
    fc.constantFrom('null', 'boolean').map((type) => ({ type })),
  );
}

function someObject(schema: SchemaArbitrary): SchemaArbitrary {
  return fc
    .tuple(
      fc.dictionary(fc.constantFrom('a', 'ab', 'b', 'é', '"'), schema, { maxKeys: 3 }),
      fc.constantFrom('additionalProperties', 'unevaluatedProperties'),
      fc.boolean(),
    )
    .map(([properties, closing, all]) => ({
      type: 'object',
      properties,
      required: Object.keys(properties).slice(0, all ? undefined : 1),
      [closing]: false,
    }));
}

/** Any names, a few of them. */
function someOpenObject(schema: SchemaArbitrary): SchemaArbitrary {
  return fc
    .tuple(schema, fc.integer({ min: 1, max: 3 }), fc.nat(2))
    .map(([additionalProperties, minProperties, more]) => ({
      type: 'object',
      additionalProperties,
      minProperties,
      maxProperties: minProperties + more,
    }));
}

function someArray(items: SchemaArbitrary): SchemaArbitrary {
  return fc
    .tuple(items, fc.array(items, { maxLength: 2 }), fc.nat(2), fc.nat(2))
    .map(([rest, prefixItems, minItems, more]) => ({
      type: 'array',
      // An empty list of prefix items is no schema.
      ...(prefixItems.length > 0 ? { prefixItems } : {}),
      items: rest,
      minItems,
      maxItems: minItems + more,
    }));
}
