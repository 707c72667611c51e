import type { KeywordReport, UnenforcedKeyword } from '../contract.ts';
import { ignoresSiblings, type JsonObject, type SchemaIndex } from './schema-index.ts';

/** Keywords that restrict values, and are held to unless a schema's own report says otherwise. */
export const ASSERTIONS: readonly string[] = [
  ...['type', 'enum', 'const'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ...['minLength', 'maxLength', 'pattern', 'format'],
  ...['properties', 'required', 'additionalProperties', 'patternProperties', 'propertyNames'],
  ...['minProperties', 'maxProperties', 'dependentRequired', 'dependentSchemas', 'dependencies'],
  ...['items', 'prefixItems', 'additionalItems', 'minItems', 'maxItems', 'uniqueItems'],
  ...['contains', 'minContains', 'maxContains'],
  ...['unevaluatedProperties', 'unevaluatedItems'],
  ...['anyOf', 'oneOf', 'allOf', 'not', 'if', 'then', 'else'],
  ...['$ref', '$dynamicRef', '$recursiveRef'],
];

/** Keywords that name, describe or hold schemas and restrict nothing themselves. */
export const ANNOTATIONS: readonly string[] = [
  ...['$schema', '$id', 'id', '$anchor', '$dynamicAnchor', '$recursiveAnchor', '$defs', 'definitions'],
  ...['$comment', '$vocabulary', 'title', 'description', 'default', 'examples', 'deprecated'],
  ...['readOnly', 'writeOnly', 'contentEncoding', 'contentMediaType', 'contentSchema'],
];

const assertions = new Set(ASSERTIONS);
const annotations = new Set(ANNOTATIONS);

/** Every keyword of every schema of the document, and whether the mask holds answers to it. */
export function describeKeywords(
  index: SchemaIndex,
  unenforced: readonly UnenforcedKeyword[],
): KeywordReport[] {
  const reasons = new Map(unenforced.map(({ path, keyword, reason }) => [`${path} ${keyword}`, reason]));
  return index.places.flatMap((place) => {
    const schema = place.schema as JsonObject;
    const refOnly = ignoresSiblings(place, schema);
    return Object.keys(schema).map((keyword): KeywordReport => {
      const at = { path: place.pointer, keyword };
      const reason = reasons.get(`${place.pointer} ${keyword}`);
      if (reason !== undefined) return { ...at, status: 'unenforced', reason };
      if (annotations.has(keyword)) return { ...at, status: 'annotation' };
      if (!assertions.has(keyword))
        return {
          ...at,
          status: 'unknown',
          reason: 'JSON Schema has no such keyword, so it restricts nothing',
        };
      if (refOnly && keyword !== '$ref')
        return { ...at, status: 'annotation', reason: 'up to draft 7 nothing beside $ref counts' };
      return { ...at, status: 'enforced' };
    });
  });
}
