import { INTEGER_STEP, numberClause } from '../../number/number-clause.ts';
import { anyArray } from '../array-clause.ts';
import type { Formula } from '../formula.ts';
import type { Keyword, KeywordScene, KeywordValues } from '../keyword.ts';
import { failKeyword } from '../keyword.ts';
import { ANY_OBJECT } from '../object-clause.ts';
import type { ValueSet } from '../value-set.ts';

const TYPES = ['null', 'boolean', 'number', 'integer', 'string', 'array', 'object'] as const;
type TypeName = (typeof TYPES)[number];

/** `type` */
export const typeKeyword: Keyword = (scene) => {
  const { type } = scene.schema;
  if (type === undefined) return null;
  const list = Array.isArray(type) ? type : [type];
  const names = list.map((name) => {
    if (TYPES.includes(name as TypeName)) return name as TypeName;
    return failKeyword(scene, 'type', `must name types among ${TYPES.join(', ')}`);
  });
  const has = (name: TypeName) => names.includes(name);
  return {
    allowed: () => valuesOfTypes(scene, has),
    refused: () => ({
      ...valuesOfTypes(scene, (name) => !has(name)),
      numbers: has('number') ? [] : [numberClause(has('integer') ? { notSteps: [INTEGER_STEP] } : {})],
    }),
  };
};

function valuesOfTypes(scene: KeywordScene, has: (name: TypeName) => boolean): ValueSet {
  const { sets, engine, formulas } = scene;
  return sets.only({
    nulls: has('null'),
    trues: has('boolean'),
    falses: has('boolean'),
    numbers: has('number')
      ? sets.all.numbers
      : has('integer')
        ? [numberClause({ steps: [INTEGER_STEP] })]
        : [],
    strings: has('string') ? engine.pool.all : engine.pool.none,
    arrays: has('array') ? [anyArray(formulas)] : [],
    objects: has('object') ? [ANY_OBJECT] : [],
  });
}

/** `enum` */
export const enumKeyword: Keyword = (scene) => {
  const list = scene.schema.enum;
  if (list === undefined) return null;
  if (!Array.isArray(list)) return failKeyword(scene, 'enum', 'must be a list');
  return oneOfValues(scene, list);
};

/** `const` */
export const constKeyword: Keyword = (scene) =>
  'const' in scene.schema ? oneOfValues(scene, [scene.schema.const]) : null;

function oneOfValues(scene: KeywordScene, list: readonly unknown[]): KeywordValues {
  const { formulas, sets, engine } = scene;
  // Strings are kept together: a thousand of them make one automaton, but a thousand formulas would be slow.
  const texts = list.filter((value) => typeof value === 'string');
  const others: Formula[] = list
    .filter((value) => typeof value !== 'string')
    .map((value) => formulas.constant(value));
  const strings = () => engine.pool.literals([...new Set(texts)]);
  return {
    allowed: () => sets.union([sets.only({ strings: strings() }), scene.expand(formulas.or(others))]),
    refused: () =>
      sets.intersect(
        sets.except({ strings: engine.pool.not(strings()) }),
        scene.expand(formulas.not(formulas.or(others))),
      ),
  };
}
