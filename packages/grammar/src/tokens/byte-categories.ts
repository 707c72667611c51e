import { type CharSet, charSetOf, intersectCharSets, SCALAR_VALUES } from '../text/char-set.ts';

/**
 * Bytes that no string holds as they are: quote, backslash, control characters. No loop has this category.
 */
export const UNPASSABLE = 0x8000_0000 | 0;
/** Characters of more than one byte, those with U+2028 and U+2029 apart: `.` takes all but these two. */
const BEYOND_ASCII = 1 << 30;
const PUNCTUATION_BYTE = 0xe2;
const PUNCTUATION_BLOCKS = 1 << 28;
const PUNCTUATION_CHARS: CharSet = [0x2000, 0x2fff];
const OWN_CATEGORY = ' _-.:/@,+=;%&#~()[]{}<>*!';

/** A bit for each kind of first byte of a character that patterns commonly tell apart. */
export const BYTE_CATEGORIES = Int32Array.from({ length: 256 }, (_, byte) => categoryOf(byte));

function categoryOf(byte: number): number {
  if (byte >= 0x80) return byte === PUNCTUATION_BYTE ? PUNCTUATION_BLOCKS : BEYOND_ASCII;
  const char = String.fromCharCode(byte);
  if (byte < 0x20 || char === '"' || char === '\\') return UNPASSABLE;
  if (char >= 'a' && char <= 'z') return 1;
  if (char >= 'A' && char <= 'Z') return 2;
  if (char >= '0' && char <= '9') return 4;
  const own = OWN_CATEGORY.indexOf(char);
  return own >= 0 ? 1 << (own + 3) : 1 << 29;
}

/** The characters of each category that strings may hold, by its bit. */
export const CATEGORY_CHARS: readonly { readonly bit: number; readonly chars: CharSet }[] = listCategories();

function listCategories(): { bit: number; chars: CharSet }[] {
  const ranges = new Map<number, [number, number][]>();
  for (let byte = 0x20; byte < 0x80; byte++) {
    const bit = BYTE_CATEGORIES[byte]!;
    if (bit !== UNPASSABLE) ranges.set(bit, [...(ranges.get(bit) ?? []), [byte, byte]]);
  }
  const ascii = [...ranges].map(([bit, list]) => ({ bit, chars: charSetOf(list) }));
  return [
    ...ascii,
    { bit: PUNCTUATION_BLOCKS, chars: PUNCTUATION_CHARS },
    { bit: BEYOND_ASCII, chars: intersectCharSets(SCALAR_VALUES, [0x80, 0x1fff, 0x3000, 0x10ffff]) },
  ];
}

const categories = new WeakMap<CharSet, number>();

/** The categories all of whose characters are in the set. */
export function categoriesWithin(set: CharSet): number {
  let found = categories.get(set);
  if (found === undefined) {
    found = computeWithin(set);
    categories.set(set, found);
  }
  return found;
}

function computeWithin(set: CharSet): number {
  let within = 0;
  for (const { bit, chars } of CATEGORY_CHARS) {
    const shared = intersectCharSets(set, chars);
    if (shared.length === chars.length && shared.every((edge, at) => edge === chars[at])) within |= bit;
  }
  return within;
}
