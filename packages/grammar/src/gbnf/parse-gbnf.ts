import { GrammarError } from '../grammar-error.ts';
import type { GrammarLimits } from '../limits.ts';
import { type CharSet, charSetOf, negateCharSet, SCALAR_VALUES } from '../text/char-set.ts';
import type { Cfg, CfgRule, CfgSymbol } from './cfg.ts';
import { ruleSymbol } from './cfg.ts';
import { failAt, type GbnfCursor, readChar, readName, skipSpace } from './gbnf-cursor.ts';

interface GbnfParser extends GbnfCursor {
  readonly limits: GrammarLimits;
  readonly sets: CharSet[];
  readonly setIndexes: Map<string, number>;
  readonly rules: (CfgRule | null)[];
  readonly ruleIndexes: Map<string, number>;
  /** Where each rule was first used, for the error when it is never defined. */
  readonly firstUses: Map<string, number>;
  depth: number;
}

/** Repetitions that may be asked for with {m,n}. */
const REPEATS_MAX = 100_000;

/** Reads a grammar in llama.cpp's GBNF. Throws a GrammarError with line and column. */
export function parseGbnf(text: string, limits: GrammarLimits): Cfg {
  const parser: GbnfParser = {
    chars: [...text],
    at: 0,
    limits,
    sets: [],
    setIndexes: new Map(),
    rules: [],
    ruleIndexes: new Map(),
    firstUses: new Map(),
    depth: 0,
  };
  if (parser.chars.length > limits.sourceCharsMax) {
    throw new GrammarError({ message: `the grammar is longer than ${limits.sourceCharsMax} characters` });
  }
  skipSpace(parser, true);
  while (parser.at < parser.chars.length) parseRule(parser);
  for (const [name, index] of parser.ruleIndexes) {
    if (parser.rules[index] === null) {
      failAt(parser, `rule "${name}" is used but not defined`, parser.firstUses.get(name) ?? 0);
    }
  }
  const root = parser.ruleIndexes.get('root');
  if (root === undefined) failAt(parser, 'there is no rule "root", where every grammar starts');
  return { sets: parser.sets, rules: parser.rules as CfgRule[], root };
}

function parseRule(parser: GbnfParser): void {
  const start = parser.at;
  const name = readName(parser);
  if (name === '') failAt(parser, 'expected a rule name');
  skipSpace(parser, false);
  if (parser.chars.slice(parser.at, parser.at + 3).join('') !== '::=') {
    failAt(parser, `expected ::= after "${name}"`);
  }
  parser.at += 3;
  skipSpace(parser, true);
  const index = indexOfRule(parser, name, start);
  if (parser.rules[index] !== null) failAt(parser, `rule "${name}" is defined twice`, start);
  parser.rules[index] = { kind: 'choice', alternatives: parseAlternatives(parser, false) };
  skipSpace(parser, false);
  const end = parser.chars[parser.at];
  if (end !== undefined && end !== '\n') failAt(parser, `unexpected "${end}"`);
  skipSpace(parser, true);
}

function parseAlternatives(parser: GbnfParser, nested: boolean): CfgSymbol[][] {
  const alternatives = [parseSequence(parser, nested)];
  while (skipToBar(parser)) {
    parser.at++;
    skipSpace(parser, true);
    alternatives.push(parseSequence(parser, nested));
  }
  return alternatives;
}

/** Goes to a `|` that continues the rule, even on the next line: no rule can start with it. */
function skipToBar(parser: GbnfParser): boolean {
  const mark = parser.at;
  skipSpace(parser, true);
  if (parser.chars[parser.at] === '|') return true;
  parser.at = mark;
  return false;
}

/** Symbols up to `|`, `)` or the end of the rule. */
function parseSequence(parser: GbnfParser, nested: boolean): CfgSymbol[] {
  const symbols: CfgSymbol[] = [];
  for (;;) {
    const item = parseItem(parser);
    if (item === null) return symbols;
    skipSpace(parser, nested);
    const repeated = parseRepetition(parser, item);
    symbols.push(...repeated);
    skipSpace(parser, nested);
  }
}

/** One literal, set, rule, dot or group; a literal is several symbols. Null where a sequence ends. */
function parseItem(parser: GbnfParser): CfgSymbol[] | null {
  const char = parser.chars[parser.at];
  if (char === '"') return parseLiteral(parser);
  if (char === '[') return [parseSet(parser)];
  if (char === '(') return [parseGroup(parser)];
  if (char === '.') {
    parser.at++;
    return [indexOfSet(parser, SCALAR_VALUES)];
  }
  if (char === '<' || char === '!') failAt(parser, 'token references are not supported');
  const start = parser.at;
  const name = readName(parser);
  return name === '' ? null : [ruleSymbol(indexOfRule(parser, name, start))];
}

function parseLiteral(parser: GbnfParser): CfgSymbol[] {
  const start = parser.at++;
  const symbols: CfgSymbol[] = [];
  while (parser.chars[parser.at] !== '"') {
    if (parser.at >= parser.chars.length) failAt(parser, 'the literal is not closed', start);
    const code = readChar(parser);
    symbols.push(indexOfSet(parser, [code, code]));
  }
  parser.at++;
  return symbols;
}

function parseSet(parser: GbnfParser): CfgSymbol {
  const start = parser.at++;
  const negated = parser.chars[parser.at] === '^';
  if (negated) parser.at++;
  const ranges: [number, number][] = [];
  while (parser.chars[parser.at] !== ']') {
    if (parser.at >= parser.chars.length) failAt(parser, 'the set is not closed', start);
    const low = readChar(parser);
    let high = low;
    if (parser.chars[parser.at] === '-' && parser.chars[parser.at + 1] !== ']') {
      parser.at++;
      high = readChar(parser);
      if (high < low) failAt(parser, 'the range ends before it starts');
    }
    ranges.push([low, high]);
  }
  parser.at++;
  const set = charSetOf(ranges);
  return indexOfSet(parser, negated ? negateCharSet(set) : set);
}

function parseGroup(parser: GbnfParser): CfgSymbol {
  const start = parser.at++;
  if (++parser.depth > parser.limits.nestingMax) {
    failAt(parser, `groups nested deeper than ${parser.limits.nestingMax}`);
  }
  skipSpace(parser, true);
  const alternatives = parseAlternatives(parser, true);
  if (parser.chars[parser.at] !== ')') {
    if (parser.at >= parser.chars.length) failAt(parser, 'the group is not closed', start);
    failAt(parser, `unexpected "${parser.chars[parser.at]}" inside a group`);
  }
  parser.at++;
  parser.depth--;
  return addRule(parser, { kind: 'choice', alternatives });
}

/** Applies `* + ? {m,n}`, any number of them, to the item: to a literal as a whole, as llama.cpp does. */
function parseRepetition(parser: GbnfParser, item: CfgSymbol[]): CfgSymbol[] {
  let bounds = readBounds(parser);
  if (bounds === null) return item;
  let symbol = item.length === 1 ? item[0]! : addRule(parser, { kind: 'choice', alternatives: [item] });
  while (bounds !== null) {
    symbol = addRule(parser, { kind: 'repeat', symbol, ...bounds });
    skipSpace(parser, false);
    bounds = readBounds(parser);
  }
  return [symbol];
}

function readBounds(parser: GbnfParser): { min: number; max: number } | null {
  const char = parser.chars[parser.at];
  if (char === '*' || char === '+' || char === '?') {
    parser.at++;
    return { min: char === '+' ? 1 : 0, max: char === '?' ? 1 : Infinity };
  }
  if (char !== '{') return null;
  const start = parser.at++;
  skipSpace(parser, false);
  const min = parser.chars[parser.at] === ',' ? 0 : readCount(parser);
  skipSpace(parser, false);
  let max = min;
  if (parser.chars[parser.at] === ',') {
    parser.at++;
    skipSpace(parser, false);
    max = parser.chars[parser.at] === '}' ? Infinity : readCount(parser);
    skipSpace(parser, false);
  }
  if (parser.chars[parser.at] !== '}') failAt(parser, 'expected }');
  parser.at++;
  if (max < min) failAt(parser, 'the most repetitions are fewer than the least', start);
  return { min, max };
}

function readCount(parser: GbnfParser): number {
  const start = parser.at;
  while (/^[0-9]$/.test(parser.chars[parser.at] ?? '')) parser.at++;
  if (parser.at === start) return failAt(parser, 'expected a number');
  const count = Number(parser.chars.slice(start, parser.at).join(''));
  return count <= REPEATS_MAX ? count : failAt(parser, `more than ${REPEATS_MAX} repetitions`, start);
}

function addRule(parser: GbnfParser, rule: CfgRule): CfgSymbol {
  parser.rules.push(rule);
  return ruleSymbol(parser.rules.length - 1);
}

function indexOfRule(parser: GbnfParser, name: string, at: number): number {
  let index = parser.ruleIndexes.get(name);
  if (index === undefined) {
    index = parser.rules.length;
    parser.rules.push(null);
    parser.ruleIndexes.set(name, index);
    parser.firstUses.set(name, at);
  }
  return index;
}

function indexOfSet(parser: GbnfParser, set: CharSet): number {
  const key = set.join(',');
  let index = parser.setIndexes.get(key);
  if (index === undefined) {
    index = parser.sets.length;
    parser.sets.push(set);
    parser.setIndexes.set(key, index);
  }
  return index;
}
