import { anyArray } from '../array-clause.ts';
import { failKeyword, type Keyword, type KeywordScene, toValues } from '../keyword.ts';
import type { JsonObject, SchemaPlace } from '../schema-index.ts';

/**
 * `uniqueItems`: scalars are compared; arrays and objects are not, and it is said so where they may be items.
 */
export const uniqueItemsKeyword: Keyword = (scene) => {
  const { uniqueItems } = scene.schema;
  if (uniqueItems === undefined || uniqueItems === false) return null;
  if (uniqueItems !== true) return failKeyword(scene, 'uniqueItems', 'must be a boolean');
  if (!hasScalarItems(scene)) {
    scene.dropKeyword('uniqueItems', 'items that are arrays or objects are not compared with each other');
  }
  return toValues(scene.sets.except({ arrays: [{ ...anyArray(scene.formulas), unique: true }] }));
};

/** Whether it shows beside the keyword that no item is an array or an object. */
function hasScalarItems(scene: KeywordScene): boolean {
  const { items, prefixItems, additionalItems, maxItems } = scene.schema;
  if (typeof maxItems === 'number' && maxItems <= 1) return true;
  const rest = Array.isArray(items) ? additionalItems : items;
  const tuple = Array.isArray(items) ? items : Array.isArray(prefixItems) ? prefixItems : [];
  return [...tuple, rest].every((item) => isScalarSchema(scene, item, scene.place, 0));
}

/** References followed when looking whether items are scalars. */
const DEPTH_MAX = 8;

function isScalarSchema(scene: KeywordScene, schema: unknown, place: SchemaPlace, depth: number): boolean {
  if (schema === false) return true;
  if (typeof schema !== 'object' || schema === null || depth > DEPTH_MAX) return false;
  const { type, enum: list, const: value, $ref, anyOf, oneOf, allOf } = schema as JsonObject;
  if (Array.isArray(list)) return list.every(isScalar);
  if (value !== undefined) return isScalar(value);
  if (type !== undefined) return (Array.isArray(type) ? type : [type]).every(isScalarType);
  const inside = (part: unknown, at: SchemaPlace) => isScalarSchema(scene, part, at, depth + 1);
  if (typeof $ref === 'string') {
    const target = scene.index.resolve(scene.index.child(place, schema), $ref);
    return inside(target.schema, target);
  }
  const choices = anyOf ?? oneOf;
  if (Array.isArray(choices)) return choices.every((part) => inside(part, place));
  return Array.isArray(allOf) && allOf.some((part) => inside(part, place));
}

function isScalar(value: unknown): boolean {
  return typeof value !== 'object' || value === null;
}

function isScalarType(type: unknown): boolean {
  return type !== 'array' && type !== 'object';
}
