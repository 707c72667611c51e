import { INTEGER_STEP, numberClause } from '../../number/number-clause.ts';
import { anyArray } from '../array-clause.ts';
import { failKeyword, type Keyword, type KeywordScene, type Narrowing, toValues } from '../keyword.ts';
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
  return toValues(valuesOfTypes(scene, (name) => names.includes(name)));
};

function valuesOfTypes(scene: KeywordScene, has: (name: TypeName) => boolean): ValueSet {
  const { sets, engine, formulas } = scene;
  const integers = has('integer') ? [numberClause({ steps: [INTEGER_STEP] })] : [];
  return sets.only({
    nulls: has('null'),
    trues: has('boolean'),
    falses: has('boolean'),
    numbers: has('number') ? sets.all.numbers : integers,
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

/**
 * Strings are kept together: a thousand of them make one automaton, but a thousand formulas would be slow.
 */
function oneOfValues(scene: KeywordScene, list: readonly unknown[]): Narrowing {
  const { formulas, sets, engine } = scene;
  const texts = new Set(list.filter((value) => typeof value === 'string'));
  const strings = sets.only({ strings: engine.pool.literals([...texts]) });
  const others = list.filter((value) => typeof value !== 'string').map((value) => formulas.constant(value));
  return toValues(sets.union([strings, scene.expand(formulas.or(others))]));
}
