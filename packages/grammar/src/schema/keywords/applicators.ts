import type { Formula } from '../formula.ts';
import { failKeyword, type Keyword, type KeywordScene, toFormula } from '../keyword.ts';

function readList(scene: KeywordScene, keyword: string): Formula[] | null {
  const list = scene.schema[keyword];
  if (list === undefined) return null;
  if (!Array.isArray(list) || list.length === 0) {
    return failKeyword(scene, keyword, 'must be a list of schemas');
  }
  return list.map((schema, index) => scene.formulaOf(schema, keyword, index));
}

/** `allOf` */
export const allOfKeyword: Keyword = (scene) => {
  const parts = readList(scene, 'allOf');
  return parts === null ? null : toFormula(scene.formulas.and(parts));
};

/** `anyOf` */
export const anyOfKeyword: Keyword = (scene) => {
  const parts = readList(scene, 'anyOf');
  return parts === null ? null : toFormula(scene.formulas.branches(parts));
};

/** `oneOf` */
export const oneOfKeyword: Keyword = (scene) => {
  const parts = readList(scene, 'oneOf');
  if (parts === null) return null;
  const { formulas } = scene;
  const onlyThis = (part: Formula, at: number) => {
    const others = parts.filter((_, other) => other !== at);
    return formulas.and([part, ...others.map((other) => formulas.not(other))]);
  };
  return toFormula(formulas.or(parts.map(onlyThis)));
};

/** `not` */
export const notKeyword: Keyword = (scene) => {
  const { not } = scene.schema;
  return not === undefined ? null : toFormula(scene.formulas.not(scene.formulaOf(not, 'not')));
};

/** `if`, `then` and `else` */
export const ifKeyword: Keyword = (scene) => {
  const { schema, formulas } = scene;
  if (schema.if === undefined) return null;
  const test = scene.formulaOf(schema.if, 'if');
  const yes = schema.then === undefined ? formulas.yes : scene.formulaOf(schema.then, 'then');
  const no = schema.else === undefined ? formulas.yes : scene.formulaOf(schema.else, 'else');
  const otherwise = formulas.and([formulas.not(test), no]);
  return toFormula(formulas.branches([formulas.and([test, yes]), otherwise]));
};

/** `$ref` */
export const refKeyword: Keyword = (scene) => {
  const { $ref } = scene.schema;
  if ($ref === undefined) return null;
  if (typeof $ref !== 'string') return failKeyword(scene, '$ref', 'must be a string');
  return toFormula(scene.formulaAt(scene.index.resolve(scene.place, $ref)));
};

/** `$dynamicRef` of 2020-12 and `$recursiveRef` of 2019-09 */
export const dynamicRefKeyword: Keyword = (scene) => {
  const { $dynamicRef, $recursiveRef } = scene.schema;
  const reference = $dynamicRef ?? $recursiveRef;
  if (reference === undefined) return null;
  if (typeof reference !== 'string') return failKeyword(scene, '$dynamicRef', 'must be a string');
  return toFormula(scene.formulaAt(scene.resolveDynamic(reference)));
};
