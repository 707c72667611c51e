/**
 * Money is whole nano-dollars: 1 USD is 1,000,000,000. The cheapest token (0.02 USD a million) is 20 of them,
 * so no price needs a fraction. Amounts of one request are numbers (exact to 9 million USD), totals are
 * bigints.
 */
export const nanosPerUsd = 1_000_000_000;

/** Nano-dollars of an amount in USD with at most 9 decimals. Throws RangeError for anything finer. */
export function parseUsd(text: string): bigint {
  const match = /^(-?)(\d+)(?:\.(\d{1,9}))?$/.exec(text.trim());
  if (match === null) throw new RangeError(`'${text}' is not an amount in USD with at most 9 decimals`);
  const [, sign = '', whole = '0', fraction = ''] = match;
  const nanos = BigInt(whole) * BigInt(nanosPerUsd) + BigInt(fraction.padEnd(9, '0'));
  return sign === '-' ? -nanos : nanos;
}

/** `12.34` USD: at least 2 decimals, more only when they are not zero. */
export function formatUsd(nanos: bigint): string {
  const absolute = nanos < 0n ? -nanos : nanos;
  const whole = absolute / BigInt(nanosPerUsd);
  const fraction = String(absolute % BigInt(nanosPerUsd))
    .padStart(9, '0')
    .replace(/0{1,7}$/, '');
  return `${nanos < 0n ? '-' : ''}${whole}.${fraction}`;
}

/** Nearest cent, halves away from zero: what an invoice line shows. */
export function roundToCents(nanos: bigint): bigint {
  const cent = 10_000_000n;
  const half = nanos < 0n ? -cent / 2n : cent / 2n;
  return ((nanos + half) / cent) * cent;
}

export function smallerOf(left: bigint, right: bigint): bigint {
  if (left < right) return left;
  return right;
}

/** google.type.Money. */
export interface Money {
  readonly currencyCode: string;
  /** Whole units, as a string of digits. */
  readonly units: string;
  /** Billionths; same sign as units. */
  readonly nanos: number;
}

export function toMoney(nanos: bigint): Money {
  const base = BigInt(nanosPerUsd);
  return { currencyCode: 'USD', units: String(nanos / base), nanos: Number(nanos % base) };
}
