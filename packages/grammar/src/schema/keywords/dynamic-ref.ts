import type { Keyword } from '../keyword.ts';
import { failKeyword } from '../keyword.ts';

/** `$dynamicRef` of 2020-12 and `$recursiveRef` of 2019-09 */
export const dynamicRefKeyword: Keyword = (scene) => {
  const { $dynamicRef, $recursiveRef } = scene.schema;
  const reference = $dynamicRef ?? $recursiveRef;
  if (reference === undefined) return null;
  if (typeof reference !== 'string') return failKeyword(scene, '$dynamicRef', 'must be a string');
  const target = scene.resolveDynamic(reference);
  const formula = scene.formulaAt(target);
  return {
    allowed: () => scene.expand(formula),
    refused: () => scene.expand(scene.formulas.not(formula)),
  };
};
