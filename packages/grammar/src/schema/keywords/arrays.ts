import { type ArrayClause, anyArray, NO_ITEM_EVALUATED } from '../array-clause.ts';
import type { Formula } from '../formula.ts';
import { failKeyword, type Keyword, type KeywordScene, readCount } from '../keyword.ts';

/** `prefixItems` and `items`; before 2020-12 `items` as a list and `additionalItems` */
export const itemsKeyword: Keyword = (scene) => {
  const { prefixItems, items, additionalItems } = scene.schema;
  const isOldTuple = Array.isArray(items);
  const tuple = isOldTuple ? items : prefixItems;
  const rest = isOldTuple ? additionalItems : items;
  if (tuple === undefined && rest === undefined) return null;
  if (tuple !== undefined && !Array.isArray(tuple))
    return failKeyword(scene, 'prefixItems', 'must be a list');
  const tupleName = isOldTuple ? 'items' : 'prefixItems';
  const restName = isOldTuple ? 'additionalItems' : 'items';
  const { formulas } = scene;
  const prefix = (tuple ?? []).map((schema: unknown, at: number) => scene.formulaOf(schema, tupleName, at));
  const others = rest === undefined ? formulas.yes : scene.formulaOf(rest, restName);
  const clause: ArrayClause = {
    ...anyArray(formulas),
    prefix,
    rest: others,
    evaluated: { all: rest !== undefined, count: prefix.length, matching: [] },
  };
  return {
    allowed: () => scene.sets.except({ arrays: [clause] }),
    refused: () => scene.sets.only({ arrays: violationsOf(scene, prefix, others) }),
  };
};

function violationsOf(scene: KeywordScene, prefix: readonly Formula[], rest: Formula): ArrayClause[] {
  const { formulas } = scene;
  const any = anyArray(formulas);
  const found: ArrayClause[] = [];
  prefix.forEach((formula, index) => {
    if (formula === formulas.yes) return;
    const before = prefix.slice(0, index).map(() => formulas.yes);
    found.push({ ...any, prefix: [...before, formulas.not(formula)], min: index + 1 });
  });
  if (rest !== formulas.yes) {
    const wrong = { from: prefix.length, value: formulas.not(rest), min: 1, max: Infinity };
    found.push({ ...any, counts: [wrong], min: prefix.length + 1 });
  }
  return found;
}

/** `minItems` */
export const minItemsKeyword: Keyword = (scene) => {
  const count = readCount(scene, 'minItems');
  if (count === undefined) return null;
  const any = anyArray(scene.formulas);
  return {
    allowed: () => scene.sets.except({ arrays: [{ ...any, min: count }] }),
    refused: () => scene.sets.only({ arrays: count === 0 ? [] : [{ ...any, max: count - 1 }] }),
  };
};

/** `maxItems` */
export const maxItemsKeyword: Keyword = (scene) => {
  const count = readCount(scene, 'maxItems');
  if (count === undefined) return null;
  const any = anyArray(scene.formulas);
  return {
    allowed: () => scene.sets.except({ arrays: [{ ...any, max: count }] }),
    refused: () => scene.sets.only({ arrays: [{ ...any, min: count + 1 }] }),
  };
};

/** `contains`, `minContains` and `maxContains` */
export const containsKeyword: Keyword = (scene) => {
  const value = scene.schema.contains;
  if (value === undefined) return null;
  const formula = scene.formulaOf(value, 'contains');
  const newer = scene.place.resource.draft >= 2019;
  const min = (newer ? readCount(scene, 'minContains') : undefined) ?? 1;
  const max = (newer ? readCount(scene, 'maxContains') : undefined) ?? Infinity;
  const any = anyArray(scene.formulas);
  const counted = (least: number, most: number): ArrayClause => ({
    ...any,
    counts: [{ from: 0, value: formula, min: least, max: most }],
    min: least,
  });
  const evaluated =
    scene.place.resource.draft >= 2020 ? { ...NO_ITEM_EVALUATED, matching: [formula] } : NO_ITEM_EVALUATED;
  return {
    allowed: () => scene.sets.except({ arrays: min > max ? [] : [{ ...counted(min, max), evaluated }] }),
    refused: () =>
      scene.sets.only({
        arrays: [
          ...(min > 0 ? [counted(0, min - 1)] : []),
          ...(max < Infinity ? [counted(max + 1, Infinity)] : []),
        ],
      }),
  };
};
