import { plainDigits } from './decimal.ts';
import { mergeSteps, type NumberBound, type NumberClause, type NumberStep } from './number-clause.ts';

/** Where in a JSON number the text is. */
export type NumberPhase =
  | 'start'
  | 'minus'
  | 'zero'
  | 'whole'
  | 'point'
  | 'fraction'
  | 'e'
  | 'sign'
  | 'power';

/** What is known of a number from its text so far: just enough to decide every bound and step at its end. */
export interface NumberText {
  readonly phase: NumberPhase;
  readonly negative: boolean;
  readonly nonZero: boolean;
  readonly wholeDigits: number;
  readonly fractionDigits: number;
  /** Fraction digits up to the last that is not 0; kept only where an exponent may follow a step. */
  readonly significant: number;
  /** Per bound: order of the absolute value against the bound's, digit by digit (2: longer, so greater). */
  readonly orders: readonly number[];
  /** Per step: remainder of the digits so far, or -1 once digits beyond the step's places are not 0. */
  readonly remainders: readonly bigint[];
  readonly power: number;
  readonly powerDigits: number;
  readonly powerNegative: boolean;
}

/** A clause made ready for reading digits. */
export interface NumberRules {
  readonly bounds: readonly (NumberBound & { isMin: boolean; whole: string; fraction: string })[];
  readonly steps: readonly (NumberStep & { wanted: boolean })[];
  readonly wholeMax: number;
  readonly fractionMax: number;
  readonly exponent: boolean;
  /** Exactly one step is wanted, and it is the first: what can be reached is then found by arithmetic. */
  readonly oneStep: boolean;
}

export const START_TEXT: NumberText = {
  phase: 'start',
  negative: false,
  nonZero: false,
  wholeDigits: 0,
  fractionDigits: 0,
  significant: 0,
  orders: [],
  remainders: [],
  power: 0,
  powerDigits: 0,
  powerNegative: false,
};

/** A double never prints more digits than these; text beyond them only comes from a model that ran away. */
const DIGITS_MAX = 24;
/** With these powers and digits no number is read as infinite, nor as 0 unless it is. */
const POWER_MAX = 284;
/**
 * Digits that a double keeps. Whoever reads the answer has doubles: 0.99999999999999999999 would be 1 there,
 * no longer below an exclusive maximum of 1, and a multiple of 7 with 24 digits be none.
 */
const EXACT_DIGITS = 15;
/** Of those behind the point, where numbers have to be no multiple of something. */
const EXACT_FRACTION = 5;

export function rulesOf(clause: NumberClause): NumberRules {
  const bounds: NumberRules['bounds'][number][] = [];
  if (clause.min !== null) bounds.push({ ...clause.min, isMin: true, ...plainDigits(clause.min.value) });
  if (clause.max !== null) bounds.push({ ...clause.max, isMin: false, ...plainDigits(clause.max.value) });
  const wanted = mergeSteps(clause.steps);
  const steps = [
    ...wanted.map((step) => ({ ...step, wanted: true })),
    ...clause.notSteps.map((step) => ({ ...step, wanted: false })),
  ];
  // Comparing 12e3 with a bound, or dividing it, would need the digits again after the exponent is known.
  const exponent =
    bounds.every((bound) => bound.value.mantissa === 0n) &&
    steps.every((step) => step.unit === 1n && step.places === 0);
  return {
    bounds,
    steps,
    ...limitDigits(bounds, steps),
    exponent,
    oneStep: wanted.length === 1 && !exponent,
  };
}

/** The most digits before and behind the point: enough for the clause, and no more than can be told apart. */
function limitDigits(
  bounds: NumberRules['bounds'],
  steps: NumberRules['steps'],
): Pick<NumberRules, 'wholeMax' | 'fractionMax'> {
  const sharp = bounds.filter(({ exclusive, value }) => exclusive && value.mantissa !== 0n);
  let whole = DIGITS_MAX;
  let fraction = DIGITS_MAX;
  if (sharp.length > 0) fraction = EXACT_DIGITS - Math.max(...sharp.map((bound) => bound.whole.length));
  if (steps.some(({ unit, places }) => unit !== 1n || places !== 0)) {
    whole = EXACT_DIGITS - Math.max(...steps.map(({ places }) => places));
  }
  if (steps.some(({ wanted }) => !wanted)) {
    fraction = Math.min(fraction, EXACT_FRACTION);
    whole = Math.min(whole, EXACT_DIGITS - EXACT_FRACTION);
  }
  return {
    wholeMax: Math.max(whole, ...bounds.map((bound) => bound.whole.length + 1)),
    fractionMax: Math.max(
      fraction,
      ...bounds.map((bound) => bound.fraction.length + 1),
      ...steps.map((step) => step.places + 1),
    ),
  };
}

/** The text after one more character, or null where no JSON number (of sensible length) has it. */
export function extendNumber(rules: NumberRules, text: NumberText, char: string): NumberText | null {
  if (char >= '0' && char <= '9') return extendByDigit(rules, text, Number(char));
  const { phase } = text;
  if (char === '-' && phase === 'start') return { ...text, phase: 'minus', negative: true };
  const afterWhole = phase === 'zero' || phase === 'whole';
  if (char === '.' && afterWhole) return { ...text, phase: 'point' };
  if ((char === 'e' || char === 'E') && (afterWhole || phase === 'fraction') && rules.exponent) {
    return { ...text, phase: 'e' };
  }
  if ((char === '+' || char === '-') && phase === 'e') {
    const negative = char === '-';
    return negative && rules.steps.length > 0 ? null : { ...text, phase: 'sign', powerNegative: negative };
  }
  return null;
}

function extendByDigit(rules: NumberRules, text: NumberText, digit: number): NumberText | null {
  switch (text.phase) {
    case 'start':
    case 'minus':
      return addWholeDigit(rules, text, digit, digit === 0 ? 'zero' : 'whole');
    case 'whole':
      return text.wholeDigits < rules.wholeMax ? addWholeDigit(rules, text, digit, 'whole') : null;
    case 'point':
    case 'fraction':
      return text.fractionDigits < rules.fractionMax ? addFractionDigit(rules, text, digit) : null;
    case 'e':
    case 'sign':
    case 'power': {
      const power = text.power * 10 + digit;
      if (power > POWER_MAX || text.powerDigits === 3) return null;
      return { ...text, phase: 'power', power, powerDigits: text.powerDigits + 1 };
    }
    default:
      return null;
  }
}

function addWholeDigit(rules: NumberRules, text: NumberText, digit: number, phase: NumberPhase): NumberText {
  const at = text.wholeDigits;
  return {
    ...text,
    phase,
    nonZero: text.nonZero || digit !== 0,
    wholeDigits: at + 1,
    orders: rules.bounds.map(({ whole }, index) => {
      if (at >= whole.length) return 2;
      return (text.orders[index] ?? 0) || Math.sign(digit - Number(whole[at]));
    }),
    remainders: rules.steps.map(
      ({ unit }, index) => ((text.remainders[index] ?? 0n) * 10n + BigInt(digit)) % unit,
    ),
  };
}

function addFractionDigit(rules: NumberRules, text: NumberText, digit: number): NumberText {
  const at = text.fractionDigits;
  const orders = text.phase === 'point' ? closeWhole(rules, text) : text.orders;
  return {
    ...text,
    phase: 'fraction',
    nonZero: text.nonZero || digit !== 0,
    fractionDigits: at + 1,
    significant: rules.exponent && rules.steps.length > 0 && digit !== 0 ? at + 1 : text.significant,
    orders: rules.bounds.map(
      ({ fraction }, index) => orders[index]! || Math.sign(digit - Number(fraction[at] ?? '0')),
    ),
    remainders: rules.steps.map(({ unit, places }, index) => {
      const remainder = text.remainders[index]!;
      if (at < places) return (remainder * 10n + BigInt(digit)) % unit;
      return digit === 0 ? remainder : -1n;
    }),
  };
}

/** Whether no further character can bring the number back inside a bound; keeps searches short. */
export function isHopeless(rules: NumberRules, text: NumberText): boolean {
  if (text.phase === 'start') return false;
  return rules.bounds.some(({ value, whole, isMin }, index) => {
    if (text.negative !== isMin) return false;
    const order = text.orders[index] ?? 0;
    const sameSign = value.mantissa !== 0n && value.mantissa < 0n === text.negative;
    if (!sameSign) return text.nonZero;
    return order > 0 && text.wholeDigits >= whole.length;
  });
}

/** Orders once the whole part is over: fewer digits than the bound's means less. */
function closeWhole(rules: NumberRules, text: NumberText): number[] {
  return rules.bounds.map(({ whole }, index) => {
    if (text.wholeDigits < whole.length) return -1;
    return text.orders[index] === 2 ? 1 : text.orders[index]!;
  });
}

/** Whether the text is a whole JSON number that satisfies every bound and step. */
export function isWholeNumber(rules: NumberRules, text: NumberText): boolean {
  const { phase } = text;
  if (phase !== 'zero' && phase !== 'whole' && phase !== 'fraction' && phase !== 'power') return false;
  return meetsBounds(rules, text) && rules.steps.every((_, index) => meetsStep(rules, text, index));
}

function meetsBounds(rules: NumberRules, text: NumberText): boolean {
  const orders = text.fractionDigits === 0 ? closeWhole(rules, text) : text.orders;
  return rules.bounds.every(({ value, fraction, exclusive, isMin }, index) => {
    let order: number;
    if (value.mantissa === 0n) order = !text.nonZero ? 0 : text.negative ? -1 : 1;
    else if (value.mantissa > 0n === text.negative) order = text.negative ? -1 : 1;
    else {
      const missing = text.fractionDigits < fraction.length;
      order = orders[index]! || (missing ? -1 : 0);
      if (text.negative) order = -order;
    }
    return order === 0 ? !exclusive : isMin ? order > 0 : order < 0;
  });
}

function meetsStep(rules: NumberRules, text: NumberText, index: number): boolean {
  const { unit, places, wanted } = rules.steps[index]!;
  let divides: boolean;
  if (text.phase === 'power') divides = !text.nonZero || text.significant <= text.power;
  else {
    let remainder = text.remainders[index]!;
    for (let at = text.fractionDigits; at < places && remainder > 0n; at++)
      remainder = (remainder * 10n) % unit;
    divides = remainder === 0n;
  }
  return divides === wanted;
}
