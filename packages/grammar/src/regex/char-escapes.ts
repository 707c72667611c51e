import { type CharSet, charSetOf, negateCharSet } from '../text/char-set.ts';

export const DIGITS: CharSet = [0x30, 0x39];
export const WORD: CharSet = [0x30, 0x39, 0x41, 0x5a, 0x5f, 0x5f, 0x61, 0x7a];
/** ECMAScript's WhiteSpace and LineTerminator. */
export const SPACE: CharSet = charSetOf([
  [0x09, 0x0d],
  [0x20, 0x20],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
]);
const LINE_ENDS: CharSet = [0x0a, 0x0a, 0x0d, 0x0d, 0x2028, 0x2029];
/** What `.` matches. */
export const NOT_LINE_END: CharSet = negateCharSet(LINE_ENDS);

/** The set of a class escape (`d`, `W`, ...), or undefined if the letter is none. */
export function classEscape(letter: string): CharSet | undefined {
  switch (letter) {
    case 'd':
      return DIGITS;
    case 'D':
      return negateCharSet(DIGITS);
    case 'w':
      return WORD;
    case 'W':
      return negateCharSet(WORD);
    case 's':
      return SPACE;
    case 'S':
      return negateCharSet(SPACE);
    default:
      return undefined;
  }
}

const properties = new Map<string, CharSet | null>();

/**
 * The code points with a Unicode property, as the running JavaScript engine knows them; null if it knows none
 * of that name. Costs about 30 ms the first time, so the answer is kept.
 */
export function unicodeProperty(name: string): CharSet | null {
  let set = properties.get(name);
  if (set === undefined) {
    set = findProperty(name);
    properties.set(name, set);
  }
  return set;
}

function findProperty(name: string): CharSet | null {
  if (!/^[A-Za-z0-9_=]{1,64}$/.test(name)) return null;
  let tester: RegExp;
  try {
    tester = new RegExp(`^\\p{${name}}$`, 'u');
  } catch {
    return null;
  }
  const ranges: [number, number][] = [];
  for (let code = 0; code <= 0x10ffff; code++) {
    if (!tester.test(String.fromCodePoint(code))) continue;
    const last = ranges[ranges.length - 1];
    if (last !== undefined && last[1] === code - 1) last[1] = code;
    else ranges.push([code, code]);
  }
  return charSetOf(ranges);
}
