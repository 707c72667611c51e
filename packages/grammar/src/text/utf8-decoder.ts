import { type CharSet, intersectCharSets, SCALAR_VALUES } from './char-set.ts';

/**
 * Incremental UTF-8: a state is 0 between characters or packs (length, bytes still to come, bits so far).
 * Overlong forms, surrogates and values past U+10FFFF are refused at the first byte that shows them.
 */
export const UTF8_START = 0;
export const UTF8_INVALID = -1;
/** Results from here on carry a whole code point: `result - UTF8_EMIT`. */
export const UTF8_EMIT = 0x2000_0000;

const CONTINUATION_BITS = 6;

export function stepUtf8(state: number, byte: number): number {
  if (state === UTF8_START) return startCharacter(byte);
  if (byte < 0x80 || byte > 0xbf) return UTF8_INVALID;
  const length = state >> 26;
  const left = ((state >> 24) & 3) - 1;
  const bits = ((state & 0xffffff) << CONTINUATION_BITS) | (byte & 0x3f);
  if (left === length - 2 && !isPlausible(length, bits)) return UTF8_INVALID;
  return left === 0 ? UTF8_EMIT + bits : pack(length, left, bits);
}

/** Code points that the character begun in `state` may still turn out to be. */
export function possibleUtf8Chars(state: number): CharSet {
  const length = state >> 26;
  const left = (state >> 24) & 3;
  const shift = left * CONTINUATION_BITS;
  const low = (state & 0xffffff) << shift;
  const high = low + (1 << shift) - 1;
  if (length === 2) return [low, high];
  if (length === 3) return intersectCharSets([Math.max(low, 0x800), high], SCALAR_VALUES);
  return [Math.max(low, 0x10000), Math.min(high, 0x10ffff)];
}

function startCharacter(byte: number): number {
  if (byte < 0x80) return UTF8_EMIT + byte;
  if (byte >= 0xc2 && byte <= 0xdf) return pack(2, 1, byte & 0x1f);
  if (byte >= 0xe0 && byte <= 0xef) return pack(3, 2, byte & 0x0f);
  if (byte >= 0xf0 && byte <= 0xf4) return pack(4, 3, byte & 0x07);
  return UTF8_INVALID;
}

function pack(length: number, left: number, bits: number): number {
  return (length << 26) | (left << 24) | bits;
}

/** Checks the second byte, the only one after the first that can make a sequence overlong or out of range. */
function isPlausible(length: number, bits: number): boolean {
  if (length === 3) return bits >= 0x20 && !(bits >= 0x360 && bits <= 0x37f);
  if (length === 4) return bits >= 0x10 && bits <= 0x10f;
  return true;
}
