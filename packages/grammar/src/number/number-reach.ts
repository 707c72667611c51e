import type { Decimal } from './decimal.ts';
import type { NumberRules, NumberText } from './number-text.ts';

/**
 * Multiples tried against steps that are not wanted; two in a row are rarely both multiples of another step.
 */
const MULTIPLES_TRIED = 16;

/**
 * Whether some number that begins like the text is a multiple of the wanted step within the bounds. Worked
 * out by arithmetic: searching digit by digit would visit as many states as the step has remainders. Numbers
 * are taken as whole multiples of 10^-places, the digits still to come as one unknown between 0 and 10^count
 * - 1.
 */
export function canReachMultiple(rules: NumberRules, text: NumberText): boolean {
  const { places } = rules.steps[0]!;
  switch (text.phase) {
    case 'start':
      return (
        canReachMultiple(rules, { ...text, phase: 'minus' }) ||
        canReachMultiple(rules, { ...text, phase: 'minus', negative: true })
      );
    case 'minus':
      return Array.from({ length: rules.wholeMax }, (_, more) => more + 1).some((digits) =>
        hasMultiple(rules, text, { digits, toCome: digits + places }),
      );
    case 'zero':
      return hasMultiple(rules, text, { digits: text.wholeDigits, toCome: places });
    case 'whole':
      return Array.from({ length: rules.wholeMax - text.wholeDigits + 1 }, (_, more) => more).some((more) =>
        hasMultiple(rules, text, { digits: text.wholeDigits + more, toCome: more + places }),
      );
    default:
      return hasMultiple(rules, text, {
        digits: text.wholeDigits,
        toCome: Math.max(0, places - text.fractionDigits),
      });
  }
}

interface Ending {
  /** Whole digits the number will have. */
  readonly digits: number;
  /** Digits still to come, up to the last place of the step. */
  readonly toCome: number;
}

function hasMultiple(rules: NumberRules, text: NumberText, ending: Ending): boolean {
  const { unit } = rules.steps[0]!;
  const remainder = text.remainders[0] ?? 0n;
  if (remainder < 0n) return false;
  const span = 10n ** BigInt(ending.toCome);
  let low = 0n;
  let high = span - 1n;
  // A first digit of 0 is a number of its own.
  if (text.phase === 'minus' && ending.digits > 1) low = span / 10n;
  for (let index = 0; index < rules.bounds.length; index++) {
    const limit = limitOf(rules, text, index, ending);
    if (limit === null) return false;
    if (limit.least !== undefined && limit.least > low) low = limit.least;
    if (limit.most !== undefined && limit.most < high) high = limit.most;
  }
  const have = (remainder * span + low) % unit;
  let candidate = low + ((unit - have) % unit);
  for (let tried = 0; tried < MULTIPLES_TRIED && candidate <= high; tried++, candidate += unit) {
    if (meetsOthers(rules, text, candidate, span)) return true;
  }
  return false;
}

/** Whether the number that ends in `candidate` is no multiple of the steps not wanted. */
function meetsOthers(rules: NumberRules, text: NumberText, candidate: bigint, span: bigint): boolean {
  const { places } = rules.steps[0]!;
  return rules.steps.every((step, index) => {
    if (step.wanted || index === 0) return true;
    const remainder = text.remainders[index] ?? 0n;
    if (remainder < 0n) return true;
    // The digits so far stand before the unknown ones; what they leave is counted in the other step's places.
    const scale = 10n ** BigInt(Math.max(0, step.places - places));
    const value = (remainder * span + candidate) * scale;
    const unit = step.unit * 10n ** BigInt(Math.max(0, places - step.places));
    return value % unit !== 0n;
  });
}

interface Limit {
  readonly least?: bigint;
  readonly most?: bigint;
}

/** What one bound says of the digits to come; null where it rules the number out. */
function limitOf(rules: NumberRules, text: NumberText, index: number, ending: Ending): Limit | null {
  const { value, isMin, exclusive, whole } = rules.bounds[index]!;
  const { places } = rules.steps[0]!;
  const isBelow = text.negative === isMin;
  const sameSign = value.mantissa !== 0n && value.mantissa < 0n === text.negative;
  if (!sameSign) return limitAtZero(text, value, isMin, exclusive);
  let order = text.phase === 'minus' ? 0 : text.orders[index]!;
  if (ending.digits !== whole.length) order = ending.digits < whole.length ? -1 : 1;
  if (order !== 0) return order < 0 === isBelow ? {} : null;
  const scaled = scaleUp(value, places);
  const span = 10n ** BigInt(ending.toCome);
  const start = (scaled.floor / span) * span;
  if (isBelow) return { most: (exclusive && scaled.exact ? scaled.floor - 1n : scaled.floor) - start };
  return { least: (exclusive || !scaled.exact ? scaled.floor + 1n : scaled.floor) - start };
}

/** A bound of the other sign, or zero: it lets everything through, or nothing but zero at most. */
function limitAtZero(text: NumberText, value: Decimal, isMin: boolean, exclusive: boolean): Limit | null {
  const allowsSign = text.negative !== isMin;
  if (value.mantissa !== 0n) {
    // A positive number is above every negative bound, and zero with either sign lies between.
    const within = value.mantissa < 0n === isMin;
    return within ? {} : null;
  }
  if (allowsSign) return exclusive && !text.nonZero ? { least: 1n } : {};
  return exclusive || text.nonZero ? null : { most: 0n };
}

/** The absolute value in units of 10^-places, rounded down. */
function scaleUp({ mantissa, exponent }: Decimal, places: number): { floor: bigint; exact: boolean } {
  const digits = mantissa < 0n ? -mantissa : mantissa;
  const shift = exponent + places;
  if (shift >= 0) return { floor: digits * 10n ** BigInt(shift), exact: true };
  const divisor = 10n ** BigInt(-shift);
  return { floor: digits / divisor, exact: digits % divisor === 0n };
}
