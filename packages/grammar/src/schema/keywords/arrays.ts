import { type ArrayClause, anyArray, NO_ITEM_EVALUATED } from '../array-clause.ts';
import { failKeyword, type Keyword, readCount, toValues } from '../keyword.ts';

/** `prefixItems` and `items`; before 2020-12 `items` as a list and `additionalItems` */
export const itemsKeyword: Keyword = (scene) => {
  const { prefixItems, items, additionalItems } = scene.schema;
  const isOldTuple = Array.isArray(items);
  const tuple = isOldTuple ? items : prefixItems;
  const rest = isOldTuple ? additionalItems : items;
  if (tuple === undefined && rest === undefined) return null;
  if (tuple !== undefined && !Array.isArray(tuple)) {
    return failKeyword(scene, 'prefixItems', 'must be a list of schemas');
  }
  const tupleName = isOldTuple ? 'items' : 'prefixItems';
  const restName = isOldTuple ? 'additionalItems' : 'items';
  const { formulas } = scene;
  const prefix = (tuple ?? []).map((schema: unknown, at: number) => scene.formulaOf(schema, tupleName, at));
  const clause: ArrayClause = {
    ...anyArray(formulas),
    prefix,
    rest: rest === undefined ? formulas.yes : scene.formulaOf(rest, restName),
    evaluated: { all: rest !== undefined, count: prefix.length, matching: [] },
  };
  return toValues(scene.sets.except({ arrays: [clause] }));
};

/** `minItems` */
export const minItemsKeyword: Keyword = (scene) => {
  const min = readCount(scene, 'minItems');
  return min === undefined
    ? null
    : toValues(scene.sets.except({ arrays: [{ ...anyArray(scene.formulas), min }] }));
};

/** `maxItems` */
export const maxItemsKeyword: Keyword = (scene) => {
  const max = readCount(scene, 'maxItems');
  return max === undefined
    ? null
    : toValues(scene.sets.except({ arrays: [{ ...anyArray(scene.formulas), max }] }));
};

/** `contains`, `minContains` and `maxContains` */
export const containsKeyword: Keyword = (scene) => {
  if (scene.schema.contains === undefined) return null;
  const value = scene.formulaOf(scene.schema.contains, 'contains');
  const { draft } = scene.place.resource;
  const min = (draft >= 2019 ? readCount(scene, 'minContains') : undefined) ?? 1;
  const max = (draft >= 2019 ? readCount(scene, 'maxContains') : undefined) ?? Infinity;
  if (min > max) return toValues(scene.sets.except({ arrays: [] }));
  const clause: ArrayClause = {
    ...anyArray(scene.formulas),
    min,
    counts: min === 0 && max === Infinity ? [] : [{ from: 0, value, min, max }],
    evaluated: draft >= 2020 ? { ...NO_ITEM_EVALUATED, matching: [value] } : NO_ITEM_EVALUATED,
  };
  return toValues(scene.sets.except({ arrays: [clause] }));
};
