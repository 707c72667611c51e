import { type Decimal, exactDecimalOf } from '../../number/decimal.ts';
import { type NumberStep, numberClause, STEP_UNIT_MAX } from '../../number/number-clause.ts';
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
  const step = stepOf(value);
  if (step !== null) return toValues(scene.sets.except({ numbers: [numberClause({ steps: [step] })] }));
  scene.dropKeyword('multipleOf', 'the step has too many digits to count remainders of');
  return null;
};

/** Places a step may have; a double prints fewer. */
const STEP_PLACES_MAX = 24;

function stepOf({ mantissa, exponent }: Decimal): NumberStep | null {
  const zeros = Math.max(0, exponent);
  if (zeros > STEP_PLACES_MAX || exponent < -STEP_PLACES_MAX) return null;
  const unit = mantissa * 10n ** BigInt(zeros);
  return unit > BigInt(STEP_UNIT_MAX) ? null : { unit: Number(unit), places: Math.max(0, -exponent) };
}

function readNumber(scene: KeywordScene, keyword: string): Decimal | undefined {
  const value = scene.schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return exactDecimalOf(value);
  return failKeyword(scene, keyword, 'must be a number');
}
