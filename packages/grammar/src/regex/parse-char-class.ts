import { type CharSet, charSetOf, negateCharSet, rangesOf, unionCharSets } from '../text/char-set.ts';
import { classEscape, unicodeProperty } from './char-escapes.ts';
import { failPattern, type PatternCursor, peekText } from './pattern-error.ts';

/** Reads `[...]`. */
export function parseCharClass(cursor: PatternCursor): CharSet {
  cursor.at++;
  const negated = cursor.chars[cursor.at] === '^';
  if (negated) cursor.at++;
  const ranges: [number, number][] = [];
  while (cursor.chars[cursor.at] !== ']') {
    if (cursor.at >= cursor.chars.length) failPattern(cursor, 'missing ]');
    ranges.push(...rangesOf(parseClassRange(cursor)));
  }
  cursor.at++;
  const set = charSetOf(ranges);
  return negated ? negateCharSet(set) : set;
}

function parseClassRange(cursor: PatternCursor): CharSet {
  const first = parseClassAtom(cursor);
  const { chars } = cursor;
  if (chars[cursor.at] !== '-' || chars[cursor.at + 1] === ']' || chars[cursor.at + 1] === undefined) {
    return first;
  }
  const dash = cursor.at++;
  const last = parseClassAtom(cursor);
  if (!isSingle(first) || !isSingle(last)) {
    // As browsers do without the u flag: a class at one end makes the dash a plain character.
    cursor.at = dash + 1;
    return unionCharSets(first, [0x2d, 0x2d]);
  }
  if (last[0]! < first[0]!) failPattern(cursor, 'range out of order in []');
  return [first[0]!, last[0]!];
}

function parseClassAtom(cursor: PatternCursor): CharSet {
  const char = cursor.chars[cursor.at]!;
  if (char !== '\\') {
    cursor.at++;
    return [char.codePointAt(0)!, char.codePointAt(0)!];
  }
  if (cursor.chars[cursor.at + 1] === 'b') {
    cursor.at += 2;
    return [8, 8];
  }
  return parseEscapedSet(cursor);
}

/** At a backslash: a set such as \d or \p{L}, or one escaped character. */
export function parseEscapedSet(cursor: PatternCursor): CharSet {
  const letter = cursor.chars[cursor.at + 1];
  if (letter === undefined) return failPattern(cursor, '\\ at the end');
  const set = classEscape(letter);
  if (set !== undefined) {
    cursor.at += 2;
    return set;
  }
  if ((letter === 'p' || letter === 'P') && cursor.chars[cursor.at + 2] === '{') {
    const property = parseProperty(cursor);
    return letter === 'p' ? property : negateCharSet(property);
  }
  cursor.at += 2;
  const code = parseEscapedChar(cursor, letter);
  return [code, code];
}

function parseProperty(cursor: PatternCursor): CharSet {
  const end = cursor.chars.indexOf('}', cursor.at);
  const name = cursor.chars.slice(cursor.at + 3, end < 0 ? cursor.chars.length : end).join('');
  const property = unicodeProperty(name);
  if (property === null) return failPattern(cursor, `unknown property ${name}`);
  cursor.at = end + 1;
  return property;
}

function parseEscapedChar(cursor: PatternCursor, letter: string): number {
  const control = 'tnvfr0'.indexOf(letter);
  if (control >= 0) return [0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x00][control]!;
  if (letter === 'c' && /^[A-Za-z]$/.test(cursor.chars[cursor.at] ?? '')) {
    return cursor.chars[cursor.at++]!.codePointAt(0)! & 31;
  }
  const own = letter.codePointAt(0)!;
  if (letter === 'x') return takeHex(cursor, 2) ?? own;
  return letter === 'u' ? (parseUnicodeEscape(cursor) ?? own) : own;
}

function parseUnicodeEscape(cursor: PatternCursor): number | null {
  if (cursor.chars[cursor.at] === '{') {
    const found = /^\{([0-9a-fA-F]{1,6})\}/.exec(peekText(cursor, 8));
    if (found === null) return failPattern(cursor, 'malformed \\u{}');
    cursor.at += found[0].length;
    const code = Number.parseInt(found[1]!, 16);
    return code <= 0x10ffff ? code : failPattern(cursor, '\\u{} beyond U+10FFFF');
  }
  const high = takeHex(cursor, 4);
  if (high === null || high < 0xd800 || high > 0xdbff) return high;
  const mark = cursor.at;
  if (cursor.chars[cursor.at] === '\\' && cursor.chars[cursor.at + 1] === 'u') {
    cursor.at += 2;
    const low = takeHex(cursor, 4);
    if (low !== null && low >= 0xdc00 && low <= 0xdfff) {
      return 0x10000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
    }
  }
  cursor.at = mark;
  return high;
}

function takeHex(cursor: PatternCursor, digits: number): number | null {
  const hex = peekText(cursor, digits);
  if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return null;
  cursor.at += digits;
  return Number.parseInt(hex, 16);
}

function isSingle(set: CharSet): boolean {
  return set.length === 2 && set[0] === set[1];
}
