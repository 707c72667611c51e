import {
  type CharSet,
  CODE_POINT_MAX,
  charSetOf,
  intersectCharSets,
  negateCharSet,
  SCALAR_VALUES,
} from './char-set.ts';
import { possibleUtf8Chars, stepUtf8, UTF8_EMIT, UTF8_START } from './utf8-decoder.ts';

/**
 * Incremental decoding of the inside of a JSON string: UTF-8 and escapes to code points. A state is
 * STRING_START between characters; other values are packed below UTF8_EMIT beside the UTF-8 states (which use
 * 2 to 4 in bits 26 up). A lone surrogate escape is refused: it cannot be written as UTF-8, so no reader
 * keeps it.
 */
export const STRING_START = UTF8_START;
export const STRING_INVALID = -1;
export const STRING_CLOSED = -2;
/** Results from here on carry a whole code point: `result - STRING_EMIT`. */
export const STRING_EMIT = UTF8_EMIT;

const KIND_SHIFT = 26;
const ESCAPE = 1 << KIND_SHIFT;
const HEX_KIND = 5;
const PAIR_KIND = 6;
const LOW_HEX_KIND = 7;
const QUOTE = 0x22;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const LETTER_U = 0x75;

const SIMPLE_ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

export function stepJsonString(state: number, byte: number): number {
  if (state === STRING_START) {
    if (byte === QUOTE) return STRING_CLOSED;
    if (byte === BACKSLASH) return ESCAPE;
    return byte < 0x20 ? STRING_INVALID : stepUtf8(UTF8_START, byte);
  }
  const kind = state >> KIND_SHIFT;
  if (kind >= 2 && kind <= 4) return stepUtf8(state, byte);
  if (kind === 1) return stepEscape(byte);
  if (kind === HEX_KIND) return stepHex(state, byte);
  if (kind === PAIR_KIND) return stepPair(state, byte);
  return stepLowHex(state, byte);
}

/** Code points the character begun in `state` (not STRING_START) may still turn out to be. */
export function possibleStringChars(state: number): CharSet {
  const kind = state >> KIND_SHIFT;
  if (kind >= 2 && kind <= 4) return possibleUtf8Chars(state);
  if (kind === 1) return SCALAR_VALUES;
  if (kind === HEX_KIND) return possibleHexChars((state >> 16) & 3, state & 0xffff);
  if (kind === PAIR_KIND) return supplementary(state & 0x3ff, 0, 0x3ff);
  const digits = (state >> 22) & 3;
  const shift = 4 * (4 - digits);
  const value = ((state >> 10) & 0xfff) << shift;
  const low = Math.max(value, 0xdc00);
  const high = Math.min(value + (1 << shift) - 1, 0xdfff);
  return supplementary(state & 0x3ff, low - 0xdc00, high - 0xdc00);
}

/**
 * The same where no character is escaped that could stand as it is: of ASCII only quotes, backslashes and
 * control characters are, the first two in their short form. Beyond ASCII both ways are common.
 */
export function possibleNeedfulChars(state: number): CharSet {
  const possible = possibleStringChars(state);
  const kind = state >> KIND_SHIFT;
  if (kind === 1) return NEEDFUL_ESCAPES;
  return kind === HEX_KIND ? intersectCharSets(possible, NEEDFUL_HEX) : possible;
}

/** Whether a character that came out of `state` was escaped without need. */
export function isNeedlessEscape(state: number, codePoint: number): boolean {
  const kind = state >> KIND_SHIFT;
  return kind === HEX_KIND ? codePoint >= 0x20 && codePoint < 0x7f : kind === 1 && codePoint === SLASH;
}

const NEEDFUL_HEX = negateCharSet([0x20, 0x7e]);
const NEEDFUL_ESCAPES = charSetOf([
  [0, 0x1f],
  [QUOTE, QUOTE],
  [BACKSLASH, BACKSLASH],
  [0x7f, CODE_POINT_MAX],
]);

function stepEscape(byte: number): number {
  if (byte === LETTER_U) return HEX_KIND << KIND_SHIFT;
  const char = SIMPLE_ESCAPES.get(byte);
  return char === undefined ? STRING_INVALID : STRING_EMIT + char;
}

function stepHex(state: number, byte: number): number {
  const digit = hexDigit(byte);
  if (digit < 0) return STRING_INVALID;
  const digits = ((state >> 16) & 3) + 1;
  const value = ((state & 0xffff) << 4) | digit;
  if (possibleHexChars(digits, value).length === 0) return STRING_INVALID;
  if (digits < 4) return (HEX_KIND << KIND_SHIFT) | (digits << 16) | value;
  if (value >= 0xd800 && value <= 0xdbff) return (PAIR_KIND << KIND_SHIFT) | (value & 0x3ff);
  return STRING_EMIT + value;
}

/** Between a high surrogate's escape and its partner: first the backslash, then the u. */
function stepPair(state: number, byte: number): number {
  const sawBackslash = (state >> 24) & 1;
  if (!sawBackslash) return byte === BACKSLASH ? state | (1 << 24) : STRING_INVALID;
  return byte === LETTER_U ? (LOW_HEX_KIND << KIND_SHIFT) | (state & 0x3ff) : STRING_INVALID;
}

function stepLowHex(state: number, byte: number): number {
  const digit = hexDigit(byte);
  if (digit < 0) return STRING_INVALID;
  const digits = ((state >> 22) & 3) + 1;
  const value = (((state >> 10) & 0xfff) << 4) | digit;
  const shift = 4 * (4 - digits);
  if (((value + 1) << shift) - 1 < 0xdc00 || value << shift > 0xdfff) return STRING_INVALID;
  const high = state & 0x3ff;
  if (digits === 4) return STRING_EMIT + 0x10000 + (high << 10) + (value & 0x3ff);
  return (LOW_HEX_KIND << KIND_SHIFT) | (digits << 22) | (value << 10) | high;
}

function possibleHexChars(digits: number, value: number): CharSet {
  const shift = 4 * (4 - digits);
  const low = value << shift;
  const high = low + (1 << shift) - 1;
  const ranges: [number, number][] = [];
  if (low < 0xd800) ranges.push([low, Math.min(high, 0xd7ff)]);
  if (high > 0xdfff) ranges.push([Math.max(low, 0xe000), high]);
  const firstHigh = Math.max(low, 0xd800);
  const lastHigh = Math.min(high, 0xdbff);
  if (firstHigh <= lastHigh) {
    ranges.push([0x10000 + ((firstHigh & 0x3ff) << 10), 0x10000 + ((lastHigh & 0x3ff) << 10) + 0x3ff]);
  }
  return charSetOf(ranges);
}

function supplementary(high: number, lowFirst: number, lowLast: number): CharSet {
  return [0x10000 + (high << 10) + lowFirst, 0x10000 + (high << 10) + lowLast];
}

function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
