import { type Field, type FieldType, invalidField } from '@sparkler/api';
import { type RawBuilder, sql } from 'kysely';

/**
 * Any piece of SQL. Values in it are parameters; text that callers send never becomes part of a statement.
 */
export type Sql = RawBuilder<unknown>;

/**
 * Where a field of a resource is stored. `column`: an expression of the field's own SQL type (text, boolean,
 * number, bigint, timestamptz), null when unset. `json`: a jsonb expression of the field, below which inner
 * fields are found.
 * `unset`: the field is never set in lists.
 */
export type StoredField =
  | { readonly kind: 'column'; readonly sql: Sql; readonly isNotNull: boolean }
  | { readonly kind: 'json'; readonly sql: Sql }
  | { readonly kind: 'unset' };

/** Stored fields by their path in JSON (`peftDetails`, `peftDetails.baseModel`). The longest match counts. */
export type FieldMap = Readonly<Record<string, StoredField>>;

/**
 * A column that is never null. Only such columns are compared without a wrapper, so that their indexes serve.
 */
export const column = (expression: Sql): StoredField => ({
  kind: 'column',
  sql: expression,
  isNotNull: true,
});
/** The same for fields whose columns have their names: `displayName` in `display_name`. */
export function namedColumns(...paths: readonly string[]): FieldMap {
  const toColumn = (path: string) =>
    path.replace('.', '_').replace(/[A-Z]/g, (upper) => `_${upper.toLowerCase()}`);
  return Object.fromEntries(paths.map((path) => [path, column(sql.ref(toColumn(path)))]));
}

export const nullableColumn = (expression: Sql): StoredField => ({
  kind: 'column',
  sql: expression,
  isNotNull: false,
});
export const json = (expression: Sql): StoredField => ({ kind: 'json', sql: expression });
export const unset: StoredField = { kind: 'unset' };

/** A field as a value that SQL can compare: unset ones have their zero value, or are null if `isNullable`. */
export interface FieldSql {
  readonly sql: Sql;
  readonly isNullable: boolean;
}

/**
 * A scalar field (text, word, flag, number, time, duration) in SQL, agreeing with `readField` of the
 * contract. Throws ApiError (400) for a field that is computed and can't be searched.
 */
export function scalarSql(field: Field, fields: FieldMap, parameter: string): FieldSql {
  const stored = findStored(field.path, fields, parameter);
  const { kind } = field.type;
  const isNullable = kind === 'timestamp' || kind === 'duration';
  if (stored.kind === 'unset')
    return { sql: isNullable ? sql`null::${sqlType(kind)}` : zeroSql(field.type), isNullable };
  const value = stored.kind === 'column' ? stored.sql : readText(stored.sql, kind);
  if (isNullable) {
    return { sql: value, isNullable: stored.kind === 'json' || !stored.isNotNull };
  }
  if (stored.kind === 'column' && stored.isNotNull) return { sql: collated(value, kind), isNullable: false };
  return { sql: collated(sql`coalesce(${value}, ${zeroSql(field.type)})`, kind), isNullable: false };
}

/** A list, map or message as jsonb; null when unset. */
export function jsonSql(field: Field, fields: FieldMap, parameter: string): Sql {
  const stored = findStored(field.path, fields, parameter);
  if (stored.kind === 'unset') return sql`null::jsonb`;
  return stored.kind === 'json' ? stored.sql : sql`to_jsonb(${stored.sql})`;
}

function findStored(path: readonly string[], fields: FieldMap, parameter: string): StoredField {
  for (let length = path.length; length > 0; length -= 1) {
    const key = path.slice(0, length).join('.');
    const stored = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (stored === undefined) continue;
    if (length === path.length || stored.kind === 'unset') return stored;
    if (stored.kind === 'column') break;
    return json(path.slice(length).reduce((inner, key) => sql`(${inner} -> ${key}::text)`, stored.sql));
  }
  const name = path.join('.');
  throw invalidField(parameter, `${parameter}: ${name} is computed when read and can not be searched by`);
}

/** The scalar in a jsonb expression with its SQL type. JSON null and a missing key are both SQL null. */
function readText(value: Sql, kind: FieldType['kind']): Sql {
  const text = sql`(${value} #>> '{}')`;
  switch (kind) {
    case 'timestamp':
      // JavaScript's times have milliseconds; finer ones would never be equal to what a caller saw.
      return sql`date_trunc('milliseconds', ${text}::timestamptz)`;
    case 'duration':
      return sql`rtrim(${text}, 's')::double precision`;
    default:
      return sql`${text}::${sqlType(kind)}`;
  }
}

function sqlType(kind: FieldType['kind']): Sql {
  const types: Partial<Record<FieldType['kind'], string>> = {
    boolean: 'boolean',
    number: 'double precision',
    int64: 'numeric',
    timestamp: 'timestamptz',
    duration: 'double precision',
  };
  return sql.raw(types[kind] ?? 'text');
}

function zeroSql(type: FieldType): Sql {
  // With casts: Postgres refuses a bare constant in `order by`, or takes it for the number of a column.
  if (type.kind === 'boolean') return sql`false::boolean`;
  if (type.kind === 'number' || type.kind === 'int64') return sql`0::${sqlType(type.kind)}`;
  return sql`${type.kind === 'enum' ? (type.words[0] ?? '') : ''}::text`;
}

/** By code point, as the contract orders text, whatever locale a database has. */
function collated(value: Sql, kind: FieldType['kind']): Sql {
  return kind === 'string' || kind === 'enum' ? sql`(${value}) collate "C"` : value;
}
