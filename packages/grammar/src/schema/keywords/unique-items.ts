import { failKeyword, type Keyword } from '../keyword.ts';

/** `uniqueItems` */
export const uniqueItemsKeyword: Keyword = (scene) => {
  const { uniqueItems, maxItems } = scene.schema;
  if (uniqueItems === undefined || uniqueItems === false) return null;
  if (uniqueItems !== true) return failKeyword(scene, 'uniqueItems', 'must be a boolean');
  if (typeof maxItems !== 'number' || maxItems > 1) {
    scene.dropKeyword('uniqueItems', 'items are not compared with each other');
  }
  return null;
};
