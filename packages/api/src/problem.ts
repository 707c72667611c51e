import type { TSchema } from 'typebox';

/** What is wrong with a value, for people: one sentence and the field it is about. */
export interface Problem {
  /** Path of the field, such as `messages[2].content[0].image_url.url`; empty for the whole value. */
  readonly field: string;
  readonly message: string;
}

/**
 * A JSON Schema as this package writes them (see schema.ts): the keywords that occur, no others. Annotations
 * of our own start with `x-`.
 */
export interface PlainSchema {
  readonly type?: string;
  readonly title?: string;
  readonly description?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly PlainSchema[];
  readonly discriminator?: { readonly propertyName: string };
  readonly properties?: Readonly<Record<string, PlainSchema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, PlainSchema>>;
  readonly additionalProperties?: boolean;
  readonly maxProperties?: number;
  readonly items?: PlainSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly 'x-rule'?: string;
  readonly 'x-key-rule'?: string;
  readonly 'x-access'?: 'output' | 'create' | 'secret';
  readonly 'x-required'?: boolean;
  readonly 'x-reference'?: string;
  readonly 'x-refused-fields'?: Readonly<Record<string, string>>;
  readonly '~refine'?: readonly { check(value: unknown): boolean; error(value: unknown): string }[];
}

/** A TypeBox schema as what it is: JSON Schema, with annotations. */
export function plain(schema: TSchema): PlainSchema {
  return schema as PlainSchema;
}

/** The JSON type of a value, with its article: "a string", "null". */
export function nameType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return typeof value === 'undefined' ? 'nothing' : `a ${typeof value}`;
}

/** Whether a value has a JSON Schema type. */
export function hasType(value: unknown, type: string): boolean {
  if (type === 'integer') return Number.isInteger(value);
  if (type === 'number') return Number.isFinite(value);
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value);
  return typeof value === type;
}

/** Whether a value is of the kind a schema is about, whatever else is wrong with it. */
export function suits(schema: PlainSchema, value: unknown): boolean {
  if (schema.anyOf) return schema.anyOf.some((branch) => suits(branch, value));
  if (schema.type === 'integer') return typeof value === 'number';
  if (schema.type !== undefined) return hasType(value, schema.type);
  if (schema.enum) return schema.enum.some((word) => typeof word === typeof value);
  if ('const' in schema) return typeof schema.const === typeof value;
  return true;
}

/** What a schema asks for, in words: "an integer", "one of 'a', 'b'", "a string or null". */
export function describe(schema: PlainSchema): string {
  if (schema.anyOf) return joinWords(unique(flatten(schema).map(describe)), 'or');
  if (schema.enum) return `one of ${schema.enum.map(quote).join(', ')}`;
  if ('const' in schema) return quote(schema.const);
  const type = schema.type ?? 'JSON value';
  if (type === 'null') return 'null';
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

/** A field of an object, as callers write it: `metadata.tier`, `logit_bias['a b']`. */
export function joinPath(path: string, key: string): string {
  if (!/^[A-Za-z_][\w-]*$/.test(key)) return `${path}[${JSON.stringify(key.slice(0, 64))}]`;
  return path === '' ? key : `${path}.${key}`;
}

export function quote(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** "a, b or c". */
export function joinWords(words: readonly string[], last: 'and' | 'or'): string {
  if (words.length < 2) return words.join('');
  return `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1)}`;
}

function flatten(schema: PlainSchema): PlainSchema[] {
  return schema.anyOf ? schema.anyOf.flatMap(flatten) : [schema];
}

function unique(words: readonly string[]): string[] {
  return [...new Set(words)];
}
