import { type Decimal, exactDecimalOf } from '../../number/decimal.ts';
import { type NumberStep, numberClause, STEP_UNIT_MAX } from '../../number/number-clause.ts';
import { failKeyword, type Keyword, type KeywordScene, type KeywordValues } from '../keyword.ts';

/** `minimum`, with draft 4's `exclusiveMinimum: true` */
export const minimumKeyword: Keyword = (scene) =>
  boundKeyword(scene, 'minimum', scene.schema.exclusiveMinimum === true);

/** `maximum`, with draft 4's `exclusiveMaximum: true` */
export const maximumKeyword: Keyword = (scene) =>
  boundKeyword(scene, 'maximum', scene.schema.exclusiveMaximum === true);

/** `exclusiveMinimum` as a number */
export const exclusiveMinimumKeyword: Keyword = (scene) =>
  typeof scene.schema.exclusiveMinimum === 'boolean' ? null : boundKeyword(scene, 'exclusiveMinimum', true);

/** `exclusiveMaximum` as a number */
export const exclusiveMaximumKeyword: Keyword = (scene) =>
  typeof scene.schema.exclusiveMaximum === 'boolean' ? null : boundKeyword(scene, 'exclusiveMaximum', true);

function boundKeyword(scene: KeywordScene, keyword: string, exclusive: boolean): KeywordValues | null {
  const value = readNumber(scene, keyword);
  if (value === undefined) return null;
  const { sets } = scene;
  const isMin = keyword.toLowerCase().endsWith('minimum');
  const within = { value, exclusive };
  const beyond = { value, exclusive: !exclusive };
  return {
    allowed: () => sets.except({ numbers: [numberClause(isMin ? { min: within } : { max: within })] }),
    refused: () => sets.only({ numbers: [numberClause(isMin ? { max: beyond } : { min: beyond })] }),
  };
}

/** `multipleOf` */
export const multipleOfKeyword: Keyword = (scene) => {
  const value = readNumber(scene, 'multipleOf');
  if (value === undefined) return null;
  if (value.mantissa <= 0n) return failKeyword(scene, 'multipleOf', 'must be greater than 0');
  const step = stepOf(value);
  if (step === null) {
    scene.dropKeyword('multipleOf', 'the step has too many digits to count remainders of');
    return null;
  }
  return {
    allowed: () => scene.sets.except({ numbers: [numberClause({ steps: [step] })] }),
    refused: () => scene.sets.only({ numbers: [numberClause({ notSteps: [step] })] }),
  };
};

function stepOf({ mantissa, exponent }: Decimal): NumberStep | null {
  const unit = exponent > 0 ? mantissa * 10n ** BigInt(Math.min(exponent, 20)) : mantissa;
  if (unit > BigInt(STEP_UNIT_MAX) || exponent < -24) return null;
  return { unit: Number(unit), places: Math.max(0, -exponent) };
}

function readNumber(scene: KeywordScene, keyword: string): Decimal | undefined {
  const value = scene.schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isFinite(value)) return exactDecimalOf(value);
  return failKeyword(scene, keyword, 'must be a number');
}
