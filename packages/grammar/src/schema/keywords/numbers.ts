import { type Decimal, exactDecimalOf } from '../../number/decimal.ts';
import { numberClause } from '../../number/number-clause.ts';
import { failKeyword, type Keyword, type KeywordScene, type Narrowing, toValues } from '../keyword.ts';

/** `minimum`, with draft 4's `exclusiveMinimum: true` */
export const minimumKeyword: Keyword = (scene) =>
  narrowToBound(scene, 'minimum', scene.schema.exclusiveMinimum === true);

/** `maximum`, with draft 4's `exclusiveMaximum: true` */
export const maximumKeyword: Keyword = (scene) =>
  narrowToBound(scene, 'maximum', scene.schema.exclusiveMaximum === true);

/** `exclusiveMinimum` as a number */
export const exclusiveMinimumKeyword: Keyword = (scene) =>
  typeof scene.schema.exclusiveMinimum === 'boolean' ? null : narrowToBound(scene, 'exclusiveMinimum', true);

/** `exclusiveMaximum` as a number */
export const exclusiveMaximumKeyword: Keyword = (scene) =>
  typeof scene.schema.exclusiveMaximum === 'boolean' ? null : narrowToBound(scene, 'exclusiveMaximum', true);

function narrowToBound(scene: KeywordScene, keyword: string, exclusive: boolean): Narrowing | null {
  const value = readNumber(scene, keyword);
  if (value === undefined) return null;
  const bound = { value, exclusive };
  const isMin = keyword.toLowerCase().endsWith('minimum');
  return toValues(scene.sets.except({ numbers: [numberClause(isMin ? { min: bound } : { max: bound })] }));
}

/** `multipleOf` */
export const multipleOfKeyword: Keyword = (scene) => {
  const value = readNumber(scene, 'multipleOf');
  if (value === undefined) return null;
  if (value.mantissa <= 0n) return failKeyword(scene, 'multipleOf', 'must be greater than 0');
  const unit = value.mantissa * 10n ** BigInt(Math.max(0, value.exponent));
  const step = { unit, places: Math.max(0, -value.exponent) };
  return toValues(scene.sets.except({ numbers: [numberClause({ steps: [step] })] }));
};

function readNumber(scene: KeywordScene, keyword: string): Decimal | undefined {
  const value = scene.schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return exactDecimalOf(value);
  return failKeyword(scene, keyword, 'must be a number');
}
