import { type Field, type FieldType, type Filter, type FilterValue, invalidField } from '@sparkler/api';
import { sql } from 'kysely';
import { type FieldMap, jsonSql, type Sql, scalarSql } from './field-sql.ts';

type Comparison = Extract<Filter, { kind: 'compare' }>;

/**
 * A filter as a condition that is true or false, never null, for exactly the rows whose resource
 * `matchesFilter` takes. Every value is a parameter. Throws ApiError (400) for fields that can't be searched.
 */
export function filterSql(filter: Filter, fields: FieldMap): Sql {
  switch (filter.kind) {
    case 'and':
    case 'or': {
      const parts = filter.of.map((part) => filterSql(part, fields));
      return sql`(${sql.join(parts, filter.kind === 'and' ? sql` and ` : sql` or `)})`;
    }
    case 'not':
      return sql`(not ${filterSql(filter.of, fields)})`;
    case 'compare':
      return comparisonSql(filter, fields);
    case 'like':
      return likeSql(filter, fields);
    case 'contains': {
      const { sql: text } = scalarSql(filter.field, fields, 'filter');
      return sql`(strpos(lower(${text} collate "default"), lower(${storable(filter.text)}::text)) > 0)`;
    }
    case 'has-element': {
      const list = jsonSql(filter.field, fields, 'filter');
      return sql`coalesce(${list} @> ${elementJson(filter.field, filter.value)}::jsonb, false)`;
    }
    case 'has-key':
      return sql`coalesce(jsonb_exists(${jsonSql(filter.field, fields, 'filter')}, ${storable(filter.key)}), false)`;
    case 'is-set':
      return isSetSql(filter.field, fields);
  }
}

function comparisonSql({ field, operator, value }: Comparison, fields: FieldMap): Sql {
  if (isObjectKind(field.type)) {
    // Only null can be compared with a message.
    const isObject = isObjectSql(jsonSql(field, fields, 'filter'));
    return operator === '=' ? sql`(not ${isObject})` : isObject;
  }
  const { sql: actual, isNullable } = scalarSql(field, fields, 'filter');
  if (value === null) return operator === '=' ? sql`(${actual} is null)` : sql`(${actual} is not null)`;
  const wanted = valueSql(value, field.type);
  if (!isNullable) return sql`(${actual} ${sql.raw(operator === '!=' ? '<>' : operator)} ${wanted})`;
  if (operator === '=') return sql`(${actual} is not distinct from ${wanted})`;
  if (operator === '!=') return sql`(${actual} is distinct from ${wanted})`;
  return sql`coalesce(${actual} ${sql.raw(operator)} ${wanted}, false)`;
}

function likeSql(filter: Extract<Filter, { kind: 'like' }>, fields: FieldMap): Sql {
  const { sql: text } = scalarSql(filter.field, fields, 'filter');
  const pattern = filter.pieces.map((piece) => storable(piece).replaceAll(/[\\%_]/g, '\\$&')).join('%');
  return filter.isNegated ? sql`(${text} not like ${pattern})` : sql`(${text} like ${pattern})`;
}

function isSetSql(field: Field, fields: FieldMap): Sql {
  const { type } = field;
  if (type.kind === 'message' || type.kind === 'json') return isObjectSql(jsonSql(field, fields, 'filter'));
  if (type.kind === 'list') {
    return sql`coalesce(${jsonSql(field, fields, 'filter')} not in ('[]', 'null'), false)`;
  }
  if (type.kind === 'map')
    return sql`coalesce(${jsonSql(field, fields, 'filter')} not in ('{}', 'null'), false)`;
  const { sql: actual } = scalarSql(field, fields, 'filter');
  switch (type.kind) {
    case 'timestamp':
      return sql`coalesce(${actual} <> to_timestamp(0), false)`;
    case 'duration':
    case 'number':
    case 'int64':
      return sql`coalesce(${actual} <> 0, false)`;
    case 'boolean':
      return sql`${actual}`;
    default:
      return sql`(${actual} <> ${type.kind === 'enum' ? (type.words[0] ?? '') : ''})`;
  }
}

function isObjectKind({ kind }: FieldType): boolean {
  return kind === 'message' || kind === 'json' || kind === 'list' || kind === 'map';
}

function isObjectSql(value: Sql): Sql {
  return sql`coalesce(jsonb_typeof(${value}) in ('object', 'array'), false)`;
}

/** A value of a filter as a parameter of the field's SQL type. */
export function valueSql(value: NonNullable<FilterValue>, type: FieldType): Sql {
  switch (type.kind) {
    case 'timestamp':
      return sql`${formatTime(Number(value))}::timestamptz`;
    case 'duration':
    case 'number':
      return sql`${Number(value)}::double precision`;
    case 'int64':
      return sql`${String(value)}::numeric`;
    case 'boolean':
      return sql`${value === true}::boolean`;
    default:
      return sql`${storable(String(value))}::text`;
  }
}

/** Postgres reads the years 1 to 9999 in this form; nothing that is stored lies outside. */
function formatTime(timeMs: number): string {
  return new Date(Math.min(Math.max(timeMs, -62_135_596_800_000), 253_402_300_799_999)).toISOString();
}

/** The element of a list as JSON that the stored list must hold. */
function elementJson(field: Field, value: FilterValue): string {
  const item = field.type.kind === 'list' ? field.type.item.kind : 'json';
  if (item === 'timestamp' || item === 'duration') {
    throw invalidField('filter', `filter: lists of a ${item} can not be searched`);
  }
  const element = typeof value === 'bigint' ? String(value) : value;
  return JSON.stringify([typeof element === 'string' ? storable(element) : element]);
}

/** Postgres holds no NUL, so no stored text equals one that has it; a caller who sends it is told so. */
function storable(text: string): string {
  if (text.includes('\0')) throw invalidField('filter', 'filter: text holds the character NUL');
  return text;
}
