import { NOT_LINE_END } from './char-escapes.ts';
import { parseCharClass, parseEscapedSet } from './parse-char-class.ts';
import { failPattern, type PatternCursor, peekText } from './pattern-error.ts';
import type { PatternTree } from './pattern-tree.ts';

const REPEATS_MAX = 100_000;

/**
 * Parses an ECMA-262 regular expression (Unicode semantics; needless escapes such as `\-` are let through, as
 * JSON Schema users write them). Throws a PatternError.
 */
export function parsePattern(text: string, nestingMax: number): PatternTree {
  const cursor: PatternCursor = { chars: [...text], nestingMax, at: 0, depth: 0 };
  const tree = parseChoice(cursor);
  if (cursor.at < cursor.chars.length) failPattern(cursor, 'unmatched )');
  return tree;
}

function parseChoice(cursor: PatternCursor): PatternTree {
  const parts = [parseSequence(cursor)];
  while (cursor.chars[cursor.at] === '|') {
    cursor.at++;
    parts.push(parseSequence(cursor));
  }
  return parts.length === 1 ? parts[0]! : { kind: 'choice', parts };
}

function parseSequence(cursor: PatternCursor): PatternTree {
  const parts: PatternTree[] = [];
  for (;;) {
    const char = cursor.chars[cursor.at];
    if (char === undefined || char === '|' || char === ')') break;
    parts.push(parseTerm(cursor));
  }
  return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
}

function parseTerm(cursor: PatternCursor): PatternTree {
  const atom = parseAtom(cursor);
  const bounds = readBounds(cursor);
  if (bounds === null) return atom;
  // A lazy quantifier finds another match first, but the same strings match.
  if (cursor.chars[cursor.at] === '?') cursor.at++;
  if (atom.kind === 'start' || atom.kind === 'end') failPattern(cursor, 'nothing to repeat');
  return { kind: 'repeat', part: atom, ...bounds };
}

function readBounds(cursor: PatternCursor): { min: number; max: number } | null {
  const char = cursor.chars[cursor.at];
  if (char === '*' || char === '+' || char === '?') {
    cursor.at++;
    return { min: char === '+' ? 1 : 0, max: char === '?' ? 1 : Infinity };
  }
  if (char !== '{') return null;
  const found = /^\{(\d{1,9})(?:(,)(\d{1,9})?)?\}/.exec(peekText(cursor, 24));
  if (found === null) return null;
  const min = Number(found[1]);
  const max = found[2] === undefined ? min : found[3] === undefined ? Infinity : Number(found[3]);
  if (max < min) failPattern(cursor, 'numbers out of order in {}');
  if (min > REPEATS_MAX || (max !== Infinity && max > REPEATS_MAX)) {
    failPattern(cursor, `more than ${REPEATS_MAX} repetitions`, true);
  }
  cursor.at += found[0].length;
  return { min, max };
}

function parseAtom(cursor: PatternCursor): PatternTree {
  const char = cursor.chars[cursor.at]!;
  switch (char) {
    case '(':
      return parseGroup(cursor);
    case '[':
      return { kind: 'chars', chars: parseCharClass(cursor) };
    case '\\':
      return parseEscape(cursor);
    case '*':
    case '+':
    case '?':
      return failPattern(cursor, 'nothing to repeat');
  }
  cursor.at++;
  if (char === '^') return { kind: 'start' };
  if (char === '$') return { kind: 'end' };
  if (char === '.') return { kind: 'chars', chars: NOT_LINE_END };
  const code = char.codePointAt(0)!;
  return { kind: 'chars', chars: [code, code] };
}

function parseEscape(cursor: PatternCursor): PatternTree {
  const letter = cursor.chars[cursor.at + 1] ?? '';
  if (letter === 'b' || letter === 'B') failPattern(cursor, 'word boundary', true);
  if ((letter >= '1' && letter <= '9') || letter === 'k') failPattern(cursor, 'back-reference', true);
  return { kind: 'chars', chars: parseEscapedSet(cursor) };
}

function parseGroup(cursor: PatternCursor): PatternTree {
  cursor.at++;
  if (++cursor.depth > cursor.nestingMax) {
    failPattern(cursor, `groups nested deeper than ${cursor.nestingMax}`, true);
  }
  const look = cursor.chars[cursor.at] === '?' ? parseGroupKind(cursor) : null;
  const part = parseChoice(cursor);
  if (cursor.chars[cursor.at] !== ')') failPattern(cursor, 'missing )');
  cursor.at++;
  cursor.depth--;
  return look === null ? part : { kind: 'look', part, negative: look === 'negative' };
}

/** After `(`: what the `?` says, null for a group that only groups. */
function parseGroupKind(cursor: PatternCursor): 'positive' | 'negative' | null {
  const { chars } = cursor;
  const next = chars[cursor.at + 1];
  const after = chars[cursor.at + 2];
  if (next === '<' && (after === '=' || after === '!')) failPattern(cursor, 'look-behind', true);
  cursor.at += 2;
  if (next === ':') return null;
  if (next === '=') return 'positive';
  if (next === '!') return 'negative';
  if (next !== '<') failPattern(cursor, 'unknown group');
  while (cursor.at < chars.length && chars[cursor.at] !== '>') cursor.at++;
  cursor.at++;
  return null;
}
