import type { Formula } from '../formula.ts';
import { failKeyword, type Keyword, type KeywordScene, type KeywordValues } from '../keyword.ts';

function valuesOf(scene: KeywordScene, formula: Formula): KeywordValues {
  return {
    allowed: () => scene.expand(formula),
    refused: () => scene.expand(scene.formulas.not(formula)),
  };
}

function readList(scene: KeywordScene, keyword: string): Formula[] | null {
  const list = scene.schema[keyword];
  if (list === undefined) return null;
  if (!Array.isArray(list) || list.length === 0)
    return failKeyword(scene, keyword, 'must be a list of schemas');
  return list.map((schema, index) => scene.formulaOf(schema, keyword, index));
}

/** `allOf` */
export const allOfKeyword: Keyword = (scene) => {
  const parts = readList(scene, 'allOf');
  return parts === null ? null : valuesOf(scene, scene.formulas.and(parts));
};

/** `anyOf` */
export const anyOfKeyword: Keyword = (scene) => {
  const parts = readList(scene, 'anyOf');
  return parts === null ? null : valuesOf(scene, scene.formulas.or(parts));
};

/** `oneOf` */
export const oneOfKeyword: Keyword = (scene) => {
  const parts = readList(scene, 'oneOf');
  if (parts === null) return null;
  const { formulas } = scene;
  const exactly = formulas.or(
    parts.map((part, index) =>
      formulas.and([
        part,
        ...parts.filter((_, other) => other !== index).map((other) => formulas.not(other)),
      ]),
    ),
  );
  return valuesOf(scene, exactly);
};

/** `not` */
export const notKeyword: Keyword = (scene) => {
  const { not } = scene.schema;
  return not === undefined ? null : valuesOf(scene, scene.formulas.not(scene.formulaOf(not, 'not')));
};

/** `if`, `then` and `else` */
export const ifKeyword: Keyword = (scene) => {
  const { schema, formulas } = scene;
  if (schema.if === undefined || (schema.then === undefined && schema.else === undefined)) return null;
  const test = scene.formulaOf(schema.if, 'if');
  const yes = schema.then === undefined ? formulas.yes : scene.formulaOf(schema.then, 'then');
  const no = schema.else === undefined ? formulas.yes : scene.formulaOf(schema.else, 'else');
  return valuesOf(scene, formulas.or([formulas.and([test, yes]), formulas.and([formulas.not(test), no])]));
};

/** `$ref` */
export const refKeyword: Keyword = (scene) => {
  const { $ref } = scene.schema;
  if ($ref === undefined) return null;
  if (typeof $ref !== 'string') return failKeyword(scene, '$ref', 'must be a string');
  return valuesOf(scene, scene.formulaAt(scene.index.resolve(scene.place, $ref)));
};
