type Visit = (value: unknown, ...steps: readonly (string | number)[]) => void;

const SINGLE = [
  'additionalItems',
  'items',
  'contains',
  'additionalProperties',
  'propertyNames',
  'not',
  'if',
  'then',
  'else',
  'unevaluatedItems',
  'unevaluatedProperties',
  'contentSchema',
];
const LISTS = ['allOf', 'anyOf', 'oneOf', 'prefixItems', 'items'];
const MAPS = ['properties', 'patternProperties', 'definitions', '$defs', 'dependentSchemas', 'dependencies'];

/** Calls `visit` for every value directly inside a schema that stands where a schema belongs. */
export function eachSubschema(schema: Readonly<Record<string, unknown>>, visit: Visit): void {
  for (const keyword of SINGLE) {
    if (schema[keyword] !== undefined) visit(schema[keyword], keyword);
  }
  for (const keyword of LISTS) {
    const list = schema[keyword];
    if (!Array.isArray(list)) continue;
    list.forEach((value, index) => {
      visit(value, keyword, index);
    });
  }
  for (const keyword of MAPS) {
    const map = schema[keyword];
    if (typeof map !== 'object' || map === null || Array.isArray(map)) continue;
    for (const [name, value] of Object.entries(map)) visit(value, keyword, name);
  }
}
