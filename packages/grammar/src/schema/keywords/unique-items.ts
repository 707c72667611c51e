import { anyArray } from '../array-clause.ts';
import { failKeyword, type Keyword } from '../keyword.ts';

/** `uniqueItems` */
export const uniqueItemsKeyword: Keyword = (scene) => {
  const { uniqueItems } = scene.schema;
  if (uniqueItems === undefined || uniqueItems === false) return null;
  if (uniqueItems !== true) return failKeyword(scene, 'uniqueItems', 'must be a boolean');
  const { maxItems } = scene.schema;
  if (typeof maxItems === 'number' && maxItems <= 1) return null;
  scene.dropKeyword('uniqueItems', 'items are not compared with each other');
  const any = anyArray(scene.formulas);
  return {
    allowed: () => scene.sets.except({ arrays: [any] }),
    refused: () => scene.sets.only({ arrays: [{ ...any, min: 2 }] }),
  };
};
