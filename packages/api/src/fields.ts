import { type Static, type TObject, type TOptional, type TProperties, type TSchema, Type } from 'typebox';
import { closed, oneOf } from './schema.ts';

/**
 * The kinds of fields control-plane resources are made of, in protobuf-JSON form, and marks on them. Every
 * field of a resource is optional in its type: requests may leave anything out, replies are filled up with
 * zero values (encode.ts).
 */

interface FieldNotes {
  readonly description?: string;
  readonly [keyword: string]: unknown;
}

const notes = (description?: string) => (description === undefined ? {} : { description });

/** Text; zero value "". `limits`: maxLength and the like. */
export const text = (description?: string, limits: FieldNotes = {}) =>
  Type.String({ ...notes(description), ...limits });

/** A display name: shorter than 64 characters. */
export const displayName = () => text('A name for people, at most 63 characters.', { maxLength: 63 });

/** Full name or id of another resource. */
export const reference = (noun: string, description?: string) =>
  Type.String({ ...notes(description ?? `Name of a ${noun}.`), maxLength: 512, 'x-reference': noun });

export const bool = (description?: string) => Type.Boolean(notes(description));

const INT32_MAX = 2 ** 31 - 1;

/** A 32-bit integer; zero value 0, minimum 0 unless told otherwise. */
export const int32 = (description?: string, limits: FieldNotes = {}) =>
  Type.Integer({ ...notes(description), minimum: 0, maximum: INT32_MAX, format: 'int32', ...limits });

/** A 64-bit integer: a string of digits in JSON (numbers are accepted on input), zero value "0". */
export const int64 = (description?: string) =>
  Type.String({
    ...notes(description),
    format: 'int64',
    pattern: '^-?(?:0|[1-9][0-9]{0,17})$',
    'x-rule': 'must be a 64-bit integer, as a string of digits',
  });

export const float = (description?: string, limits: FieldNotes = {}) =>
  Type.Number({ ...notes(description), ...limits });

/** RFC 3339; null when unset. */
export const timestamp = (description?: string) =>
  Type.String({
    ...notes(description),
    format: 'date-time',
    pattern:
      '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](?:\\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})$',
    'x-rule': 'must be a time such as 2026-01-31T12:00:00Z',
  });

/** Protobuf duration in JSON; null when unset. */
export const duration = (description?: string) =>
  Type.String({
    ...notes(description),
    format: 'google-duration',
    pattern: '^[0-9]{1,12}(?:\\.[0-9]{1,9})?s$',
    'x-rule': 'must be seconds followed by s, such as 600s',
  });

/** A word of a closed set; the first one is the zero value. */
export const word = <V extends string[]>(values: readonly [...V], description?: string) =>
  oneOf(values, notes(description));

/** A set of words under a name of its own, for documents and clients. */
export const named = <S extends TSchema>(title: string, schema: S): S => annotate(schema, { title });

export const list = <S extends TSchema>(item: S, description?: string) =>
  Type.Array(item, notes(description));

export const map = <S extends TSchema>(value: S, description?: string) =>
  Type.Record(Type.String(), value, notes(description));

/** A message: the resource itself or an object inside one. Null when unset. */
export function message<P extends TProperties>(title: string, fields: P, description?: string): Message<P> {
  const optional = Object.fromEntries(
    Object.entries(fields).map(([key, field]) => [key, Type.Optional(field)]),
  );
  return closed(optional, { title, ...notes(description) }) as unknown as Message<P>;
}

export type Message<P extends TProperties = TProperties> = TObject<{ [K in keyof P]: TOptional<P[K]> }>;
export type MessageOf<S extends TSchema> = Static<S>;

/** Who may set a field. Unmarked fields may be set on create and changed later. */
export type FieldAccess = 'output' | 'create' | 'secret';

/** Set by the server only; ignored when sent back. */
export const out = <S extends TSchema>(field: S): S => annotate(field, { 'x-access': 'output' });

/** Set on create, never changed. */
export const fixed = <S extends TSchema>(field: S): S => annotate(field, { 'x-access': 'create' });

/** May be set, is never returned. */
export const secret = <S extends TSchema>(field: S): S => annotate(field, { 'x-access': 'secret' });

/** Must be there, and not be empty, on create. */
export const required = <S extends TSchema>(field: S): S => annotate(field, { 'x-required': true });

/**
 * A copy of a schema with annotations added. Keeps TypeBox's hidden properties, which a spread would lose.
 */
function annotate<S extends TSchema>(schema: S, annotations: Record<string, unknown>): S {
  const copy = Object.create(Object.getPrototypeOf(schema), Object.getOwnPropertyDescriptors(schema));
  return Object.assign(copy, annotations) as S;
}
