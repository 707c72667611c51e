import { GrammarError } from '../grammar-error.ts';

/** A place in a GBNF text. `chars` are code points, so a column counts characters. */
export interface GbnfCursor {
  readonly chars: readonly string[];
  at: number;
}

export function failAt(cursor: GbnfCursor, message: string, at: number = cursor.at): never {
  let line = 1;
  let column = 1;
  for (let index = 0; index < at && index < cursor.chars.length; index++) {
    if (cursor.chars[index] === '\n') {
      line++;
      column = 1;
    } else column++;
  }
  throw new GrammarError({ message, line, column });
}

/** Skips blanks and comments; line ends too where they mean nothing. */
export function skipSpace(cursor: GbnfCursor, overLines: boolean): void {
  for (;;) {
    const char = cursor.chars[cursor.at];
    if (char === '#') {
      while (cursor.at < cursor.chars.length && cursor.chars[cursor.at] !== '\n') cursor.at++;
    } else if (char === ' ' || char === '\t' || char === '\r' || (overLines && char === '\n')) cursor.at++;
    else return;
  }
}

const WORD_CHAR = /^[A-Za-z0-9_-]$/;

/** A rule name at the cursor, or the empty string. */
export function readName(cursor: GbnfCursor): string {
  const start = cursor.at;
  while (cursor.at < cursor.chars.length && WORD_CHAR.test(cursor.chars[cursor.at]!)) cursor.at++;
  return cursor.chars.slice(start, cursor.at).join('');
}

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  t: 9,
  n: 10,
  r: 13,
  '\\': 0x5c,
  '"': 0x22,
  '[': 0x5b,
  ']': 0x5d,
  '-': 0x2d,
  '^': 0x5e,
  '/': 0x2f,
  '.': 0x2e,
  '0': 0,
};
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** One code point of a literal or a set, escaped or not. */
export function readChar(cursor: GbnfCursor): number {
  const char = cursor.chars[cursor.at];
  if (char === undefined) return failAt(cursor, 'unexpected end of the grammar');
  cursor.at++;
  if (char !== '\\') return char.codePointAt(0)!;
  const letter = cursor.chars[cursor.at];
  if (letter === undefined) return failAt(cursor, 'unexpected end of the grammar after \\');
  cursor.at++;
  const digits = HEX_DIGITS[letter];
  if (digits !== undefined) return readHex(cursor, digits);
  const simple = SIMPLE_ESCAPES[letter];
  return simple ?? failAt(cursor, `unknown escape \\${letter}`, cursor.at - 2);
}

function readHex(cursor: GbnfCursor, digits: number): number {
  const hex = cursor.chars.slice(cursor.at, cursor.at + digits).join('');
  if (!/^[0-9A-Fa-f]+$/.test(hex) || hex.length !== digits) {
    return failAt(cursor, `expected ${digits} hexadecimal digits`);
  }
  cursor.at += digits;
  const code = Number.parseInt(hex, 16);
  if (code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)) return code;
  return failAt(cursor, `\\${hex} is not a Unicode character`, cursor.at - digits);
}
