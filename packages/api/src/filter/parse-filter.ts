import { filterError } from './filter-error.ts';
import { type FilterOperator, type FilterToken, readFilterTokens } from './tokens.ts';

/** A value as written: pieces between wildcards (one piece: no wildcard), and whether it stood in quotes. */
export interface FilterLiteral {
  readonly pieces: readonly string[];
  readonly quoted: boolean;
}

/** A filter as written, before its fields are known. Paths are as the caller spelled them. */
export type FilterSyntax =
  | { readonly kind: 'and' | 'or'; readonly of: readonly FilterSyntax[] }
  | { readonly kind: 'not'; readonly of: FilterSyntax }
  | {
      readonly kind: 'restriction';
      readonly path: readonly string[];
      readonly operator: FilterOperator;
      readonly value: FilterLiteral;
      readonly at: number;
    };

/** Bounds that keep a filter cheap to parse, to compile and to run. */
const TEXT_LENGTH_MAX = 4096;
const DEPTH_MAX = 32;
const RESTRICTIONS_MAX = 100;

/**
 * Parses the filter language of https://google.aip.dev/160: restrictions `field op value`, AND, OR (which
 * binds tighter than AND, as there), NOT and `-`, juxtaposition for AND, parentheses, has (`:`), wildcards in
 * quoted values. Functions and bare values are refused. Null for an empty filter. Throws ApiError naming the
 * column.
 */
export function parseFilter(text: string): FilterSyntax | null {
  if (text.length > TEXT_LENGTH_MAX) throw filterError(`is longer than ${TEXT_LENGTH_MAX} characters`);
  const reader: Reader = { tokens: readFilterTokens(text), next: 0, restrictions: 0 };
  if (reader.tokens.length === 0) return null;
  const filter = readExpression(reader, 0);
  const rest = peek(reader);
  if (rest) throw filterError(`${show(rest)} is not expected`, rest.at);
  return filter;
}

interface Reader {
  readonly tokens: readonly FilterToken[];
  next: number;
  restrictions: number;
}

/** sequence { AND sequence } */
function readExpression(reader: Reader, depth: number): FilterSyntax {
  const parts = [readFactor(reader, depth)];
  while (true) {
    const token = peek(reader);
    if (!token || token.kind === ')') return join('and', parts);
    // Juxtaposition is AND too.
    if (isKeyword(token, 'AND')) reader.next++;
    parts.push(readFactor(reader, depth));
  }
}

/** term { OR term } */
function readFactor(reader: Reader, depth: number): FilterSyntax {
  const parts = [readTerm(reader, depth)];
  while (isKeyword(peek(reader), 'OR')) {
    reader.next++;
    parts.push(readTerm(reader, depth));
  }
  return join('or', parts);
}

/** [ NOT | - ] ( restriction | "(" expression ")" ) */
function readTerm(reader: Reader, depth: number): FilterSyntax {
  if (depth >= DEPTH_MAX) throw filterError(`is nested more than ${DEPTH_MAX} levels deep`, peek(reader)?.at);
  const token = take(reader, 'a field');
  if (isKeyword(token, 'NOT') || token.kind === '-') return { kind: 'not', of: readTerm(reader, depth + 1) };
  if (token.kind === '(') {
    const inner = readExpression(reader, depth + 1);
    const close = take(reader, "')'");
    if (close.kind !== ')') throw filterError(`expected ')', found ${show(close)}`, close.at);
    return inner;
  }
  return readRestriction(reader, token);
}

function readRestriction(reader: Reader, token: FilterToken): FilterSyntax {
  if (token.kind !== 'word' && token.kind !== 'quoted')
    throw filterError(`expected a field, found ${show(token)}`, token.at);
  const operator = peek(reader);
  if (token.kind === 'word' && operator?.kind === '(' && !operator.spaced) {
    throw filterError(`the function '${token.text}' is not supported; compare fields instead`, token.at);
  }
  const path = token.kind === 'word' ? token.text.split('.') : [token.pieces.join('*')];
  if (operator?.kind !== 'operator') {
    throw filterError(
      `${show(token)} stands alone; write a comparison such as displayName = "*word*"`,
      token.at,
    );
  }
  if (path.some((segment) => segment === ''))
    throw filterError(`${show(token)} is not a field path`, token.at);
  if (++reader.restrictions > RESTRICTIONS_MAX)
    throw filterError(`has more than ${RESTRICTIONS_MAX} comparisons`);
  reader.next++;
  const value = readValue(reader);
  return { kind: 'restriction', path, operator: operator.text, value, at: token.at };
}

function readValue(reader: Reader): FilterLiteral {
  const token = take(reader, 'a value');
  if (token.kind === 'quoted') return { pieces: token.pieces, quoted: true };
  if (token.kind !== 'word') throw filterError(`expected a value, found ${show(token)}`, token.at);
  const call = peek(reader);
  if (call?.kind === '(' && !call.spaced) {
    throw filterError(`the function '${token.text}' is not supported; write the value itself`, token.at);
  }
  return { pieces: token.text.split('*'), quoted: false };
}

function take(reader: Reader, wanted: string): FilterToken {
  const token = peek(reader);
  if (!token) throw filterError(`ends where ${wanted} is expected`);
  reader.next++;
  return token;
}

function peek(reader: Reader): FilterToken | undefined {
  return reader.tokens[reader.next];
}

function isKeyword(token: FilterToken | undefined, keyword: string): boolean {
  return token?.kind === 'word' && token.text === keyword;
}

function show(token: FilterToken): string {
  if (token.kind === 'quoted') return `"${token.pieces.join('*').slice(0, 40)}"`;
  return `'${'text' in token ? token.text.slice(0, 40) : token.kind}'`;
}

function join(kind: 'and' | 'or', parts: readonly FilterSyntax[]): FilterSyntax {
  return parts.length === 1 ? parts[0]! : { kind, of: parts };
}
