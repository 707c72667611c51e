/** An exact decimal number: mantissa × 10^exponent, with no trailing zeros in the mantissa. */
export interface Decimal {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** The decimal that JavaScript prints for a number, which is what the author of a schema wrote. */
export function decimalOf(value: number): Decimal {
  const [digits, exponent] = String(value).split('e') as [string, string?];
  const [whole, fraction = ''] = digits.split('.') as [string, string?];
  return normalise(BigInt(whole + fraction), Number(exponent ?? 0) - fraction.length, value);
}

/**
 * The exact value of a double. Differs from what is printed only beyond 2^53, where a bound written in a
 * schema has been rounded already and the printed form would round it once more.
 */
export function exactDecimalOf(value: number): Decimal {
  return Number.isInteger(value) ? normalise(BigInt(value), 0, value) : decimalOf(value);
}

function normalise(mantissa: bigint, exponent: number, value: number): Decimal {
  // "-0.5" splits into "-0" and "5": BigInt("-05") keeps the sign, BigInt("-0") does not need it.
  let rest = value < 0 && mantissa > 0n ? -mantissa : mantissa;
  if (rest === 0n) return { mantissa: 0n, exponent: 0 };
  let power = exponent;
  while (rest % 10n === 0n) {
    rest /= 10n;
    power++;
  }
  return { mantissa: rest, exponent: power };
}

/** Negative, zero or positive as left is less than, equal to or greater than right. */
export function compareDecimals(left: Decimal, right: Decimal): number {
  const exponent = Math.min(left.exponent, right.exponent);
  const a = left.mantissa * 10n ** BigInt(left.exponent - exponent);
  const b = right.mantissa * 10n ** BigInt(right.exponent - exponent);
  return a < b ? -1 : a > b ? 1 : 0;
}

export function printDecimal({ mantissa, exponent }: Decimal): string {
  return `${mantissa}e${exponent}`;
}

/** Digits before and after the point of the absolute value; no needless zeros, "0" for no whole part. */
export function plainDigits({ mantissa, exponent }: Decimal): { whole: string; fraction: string } {
  const digits = String(mantissa < 0n ? -mantissa : mantissa);
  if (exponent >= 0) return { whole: digits + '0'.repeat(mantissa === 0n ? 0 : exponent), fraction: '' };
  const padded = digits.padStart(1 - exponent, '0');
  return { whole: padded.slice(0, exponent), fraction: padded.slice(exponent) };
}
