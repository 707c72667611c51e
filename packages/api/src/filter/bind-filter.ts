import { type Field, type FieldType, findField, namesAt } from '../field-types.ts';
import type { PlainSchema } from '../problem.ts';
import { suggestWord } from '../suggest-word.ts';
import type { Filter, FilterValue } from './filter.ts';
import { filterError } from './filter-error.ts';
import { type FilterLiteral, type FilterSyntax, parseFilter } from './parse-filter.ts';

type Restriction = Extract<FilterSyntax, { kind: 'restriction' }>;

/**
 * Parses a filter over a resource and gives its fields and values their types. Null for an empty one. Throws
 * ApiError (400) naming what is unknown or of the wrong kind.
 */
export function readFilter(text: string | undefined, schema: PlainSchema): Filter | null {
  const syntax = text === undefined ? null : parseFilter(text);
  return syntax === null ? null : bindFilter(syntax, schema);
}

function bindFilter(syntax: FilterSyntax, schema: PlainSchema): Filter {
  if (syntax.kind === 'not') return { kind: 'not', of: bindFilter(syntax.of, schema) };
  if (syntax.kind !== 'restriction') {
    return { kind: syntax.kind, of: syntax.of.map((part) => bindFilter(part, schema)) };
  }
  const field = bindField(syntax, schema);
  return syntax.operator === ':' ? bindHas(syntax, field) : bindComparison(syntax, field, syntax.operator);
}

function bindField(syntax: Restriction, schema: PlainSchema): Field {
  const field = findField(schema, syntax.path);
  if (field) return field;
  const known = syntax.path.findIndex(
    (_, index) => findField(schema, syntax.path.slice(0, index + 1)) === null,
  );
  const suggestion = suggestWord(syntax.path[known] ?? '', namesAt(schema, syntax.path.slice(0, known)));
  const hint = suggestion === null ? '' : `; did you mean '${suggestion}'?`;
  throw filterError(`there is no field '${syntax.path.join('.').slice(0, 80)}'${hint}`, syntax.at);
}

function bindComparison(
  syntax: Restriction,
  field: Field,
  operator: Exclude<Restriction['operator'], ':'>,
): Filter {
  const { type } = field;
  const isEquality = operator === '=' || operator === '!=';
  if (isNull(syntax.value) && isEquality && isNullable(type)) {
    return { kind: 'compare', field, operator, value: null };
  }
  if (type.kind === 'list' || type.kind === 'map' || type.kind === 'message' || type.kind === 'json') {
    throw filterError(
      `${syntax.path.join('.')} is a ${type.kind}: use '${syntax.path.join('.')}:value'`,
      syntax.at,
    );
  }
  if (!isEquality && (type.kind === 'boolean' || type.kind === 'enum')) {
    throw filterError(`${syntax.path.join('.')} has no order; use = or !=`, syntax.at);
  }
  if (syntax.value.pieces.length > 1) {
    if (type.kind !== 'string' || !isEquality)
      throw filterError(`wildcards work with = on text only`, syntax.at);
    return { kind: 'like', field, pieces: syntax.value.pieces, isNegated: operator === '!=' };
  }
  return { kind: 'compare', field, operator, value: readValue(syntax, type) };
}

/** `field:value`: an element, a key, a word inside text; `field:*`: anything at all. */
function bindHas(syntax: Restriction, field: Field): Filter {
  const { type } = field;
  const { pieces, quoted } = syntax.value;
  if (!quoted && pieces.length === 2 && pieces.join('') === '') return { kind: 'is-set', field };
  if (pieces.length > 1)
    throw filterError("wildcards do not work with ':' (which needs none); use = for them", syntax.at);
  if (type.kind === 'list') return { kind: 'has-element', field, value: readValue(syntax, type.item) };
  if (type.kind === 'map') return { kind: 'has-key', field, key: pieces[0]! };
  if (type.kind === 'message') return bindHasField(syntax, field, type.schema);
  if (type.kind === 'string') return { kind: 'contains', field, text: pieces[0]! };
  return { kind: 'compare', field, operator: '=', value: readValue(syntax, type) };
}

/** `message:field`: the field inside is set. */
function bindHasField(syntax: Restriction, field: Field, schema: PlainSchema): Filter {
  const inner = findField(schema, syntax.value.pieces[0]!.split('.'));
  if (!inner)
    throw filterError(`${syntax.path.join('.')} has no field '${syntax.value.pieces[0]}'`, syntax.at);
  return { kind: 'is-set', field: { path: [...field.path, ...inner.path], type: inner.type } };
}

function readValue(syntax: Restriction, type: FieldType): FilterValue {
  const text = syntax.value.pieces.join('*');
  const name = syntax.path.join('.');
  const value = parseValue(text, type);
  if (value !== undefined) return value;
  if (type.kind === 'enum') throw filterError(`${name} is one of ${type.words.join(', ')}`, syntax.at);
  throw filterError(`${name} needs ${WANTED[type.kind] ?? 'a value'}`, syntax.at);
}

const WANTED: Partial<Record<FieldType['kind'], string>> = {
  boolean: 'true or false',
  number: 'a number',
  int64: 'an integer',
  timestamp: 'a time such as "2026-01-31T12:00:00Z"',
  duration: 'a duration such as "600s"',
  json: 'no comparison: its content can not be filtered',
  message: 'the name of a field in it',
};

/** A value of the type, or undefined if the text is none. */
function parseValue(text: string, type: FieldType): FilterValue | undefined {
  switch (type.kind) {
    case 'string':
      return text;
    case 'enum':
      return type.words.includes(text) ? text : undefined;
    case 'boolean':
      return text === 'true' ? true : text === 'false' ? false : undefined;
    case 'number':
      return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
    case 'int64':
      return /^[+-]?\d{1,19}$/.test(text) ? BigInt(text.replace('+', '')) : undefined;
    case 'timestamp':
      return parseTime(text);
    case 'duration':
      return /^\d+(?:\.\d+)?s$/.test(text) ? Number(text.slice(0, -1)) : undefined;
    default:
      return undefined;
  }
}

function parseTime(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2}))?$/.test(text))
    return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : time;
}

function isNull(literal: FilterLiteral): boolean {
  return !literal.quoted && literal.pieces.length === 1 && literal.pieces[0] === 'null';
}

/** Kinds whose unset value is null in JSON. */
export function isNullable(type: FieldType): boolean {
  return type.kind === 'timestamp' || type.kind === 'duration' || type.kind === 'message';
}
