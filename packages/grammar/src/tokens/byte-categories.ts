import { type CharSet, charSetHas, intersectCharSets, SCALAR_VALUES } from '../text/char-set.ts';

/**
 * Bytes that no string holds as they are: quote, backslash, control characters. No loop has this category.
 */
export const UNPASSABLE = 0x8000_0000 | 0;
const BEYOND_ASCII = 1 << 30;
const OWN_CATEGORY = ' _-.:/@,+=;%&#~()[]{}<>*!';

/** A bit for each kind of byte that patterns commonly tell apart. */
export const BYTE_CATEGORIES = Int32Array.from({ length: 256 }, (_, byte) => categoryOf(byte));

function categoryOf(byte: number): number {
  if (byte >= 0x80) return BEYOND_ASCII;
  const char = String.fromCharCode(byte);
  if (byte < 0x20 || char === '"' || char === '\\') return UNPASSABLE;
  if (char >= 'a' && char <= 'z') return 1;
  if (char >= 'A' && char <= 'Z') return 2;
  if (char >= '0' && char <= '9') return 4;
  const own = OWN_CATEGORY.indexOf(char);
  return own >= 0 ? 1 << (own + 3) : 1 << 29;
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
  let missing = UNPASSABLE;
  for (let byte = 0; byte < 128; byte++) {
    if (charSetHas(set, byte)) within |= BYTE_CATEGORIES[byte]!;
    else missing |= BYTE_CATEGORIES[byte]!;
  }
  const beyond = intersectCharSets(SCALAR_VALUES, [0x80, 0x10ffff]);
  const shared = intersectCharSets(set, beyond);
  if (shared.length === beyond.length && shared.every((edge, at) => edge === beyond[at]))
    within |= BEYOND_ASCII;
  return within & ~missing;
}
