import { filterError } from './filter-error.ts';
import { matchesPieces } from './matches-filter.ts';
import { type FilterLiteral, type FilterSyntax, parseFilter } from './parse-filter.ts';

/** A filter over JSON whose fields nobody knows beforehand, such as the examples of a dataset. */
export type JsonFilter = (value: unknown) => boolean;

/**
 * Reads a filter in the language of other filters. Paths go into objects, and into each element of lists, or
 * the one at a number: `messages.role`, `messages.0.content`. A comparison holds when it does for any value
 * found; `!=` when `=` does for none. Null for an empty filter. Throws ApiError (400).
 */
export function readJsonFilter(text: string): JsonFilter | null {
  const syntax = parseFilter(text);
  return syntax === null ? null : compile(syntax);
}

function compile(syntax: FilterSyntax): JsonFilter {
  if (syntax.kind === 'not') {
    const inner = compile(syntax.of);
    return (value) => !inner(value);
  }
  if (syntax.kind === 'restriction') {
    const { path, operator } = syntax;
    const test = compileTest(operator === '!=' ? '=' : operator, syntax.value, syntax.at);
    const isFound: JsonFilter = (value) => valuesAt(value, path, 0).some(test);
    return operator === '!=' ? (value) => !isFound(value) : isFound;
  }
  const parts = syntax.of.map(compile);
  return syntax.kind === 'and'
    ? (value) => parts.every((part) => part(value))
    : (value) => parts.some((part) => part(value));
}

/** Every value at a path; undefined where there is none. */
function valuesAt(value: unknown, path: readonly string[], from: number): unknown[] {
  const key = path[from];
  if (key === undefined) return Array.isArray(value) ? [value, ...value] : [value];
  if (Array.isArray(value)) {
    if (/^\d+$/.test(key)) return valuesAt(value[Number(key)], path, from + 1);
    return value.flatMap((item) => valuesAt(item, path, from));
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return [undefined];
  return valuesAt((value as Record<string, unknown>)[key], path, from + 1);
}

type Test = (value: unknown) => boolean;

function compileTest(operator: string, { pieces, quoted }: FilterLiteral, at: number): Test {
  const text = pieces.join('*');
  const isAny = pieces.length === 2 && text === '*';
  if (operator === ':') {
    if (isAny) return (value) => value !== undefined && value !== null && value !== '' && !isEmpty(value);
    const wanted = text.toLowerCase();
    return (value) => {
      if (typeof value === 'string') return value.toLowerCase().includes(wanted);
      if (typeof value === 'object' && value !== null) return Object.hasOwn(value, text);
      return value !== undefined && String(value) === text;
    };
  }
  if (operator === '=') {
    if (!quoted && text === 'null') return (value) => value === null || value === undefined;
    if (pieces.length > 1) return (value) => typeof value === 'string' && matchesPieces(value, pieces);
    return (value) => (typeof value === 'string' ? value === text : !quoted && isScalar(value, text));
  }
  if (pieces.length > 1) throw filterError('a wildcard can only be compared with = and !=', at);
  const holds: Record<string, (order: number) => boolean> = {
    '<': (order) => order < 0,
    '<=': (order) => order <= 0,
    '>': (order) => order > 0,
    '>=': (order) => order >= 0,
  };
  const decide = holds[operator]!;
  return (value) => {
    if (typeof value === 'number')
      return !quoted && Number.isFinite(Number(text)) && decide(value - Number(text));
    return typeof value === 'string' && decide(value < text ? -1 : Number(value > text));
  };
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function isScalar(value: unknown, text: string): boolean {
  if (typeof value === 'number') return text !== '' && Number(text) === value;
  return typeof value === 'boolean' && String(value) === text;
}
