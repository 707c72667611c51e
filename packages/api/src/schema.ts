import { type Static, type TProperties, type TSchema, type TSchemaOptions, Type } from 'typebox';

/**
 * The few schema forms this package is built of. Every schema is closed, finite (no recursion) and plain JSON
 * Schema, so that a check is one pass and one schema serves the type, the check and OpenAPI. Two annotations
 * of our own: `title` names a schema (it becomes an OpenAPI component), `x-rule` words the complaint about a
 * value ("must be …") where the keyword alone would read badly.
 */

/**
 * Nesting allowed in free-form JSON (tool parameters, JSON Schemas): far above real use, far below the stack.
 */
export const FREE_JSON_DEPTH_MAX = 96;

/** An object that refuses unknown fields. */
export function closed<P extends TProperties>(properties: P, options: TSchemaOptions = {}) {
  return Type.Object(properties, { ...options, additionalProperties: false });
}

/** The value or null. */
export function nullable<S extends TSchema>(schema: S, options: TSchemaOptions = {}) {
  return Type.Union([schema, Type.Null()], options);
}

/** An optional field that may also be sent as null, as SDKs do for options left unset. */
export function maybe<S extends TSchema>(schema: S, options: TSchemaOptions = {}) {
  return Type.Optional(nullable(schema, options));
}

/** A closed set of words. */
export function oneOf<V extends string[]>(values: readonly [...V], options: TSchemaOptions = {}) {
  return Type.Enum(values, { type: 'string', ...options });
}

/** Closed objects told apart by one field with a constant value; complaints name only the chosen branch. */
export function taggedUnion<S extends TSchema[]>(
  tag: string,
  branches: [...S],
  options: TSchemaOptions = {},
) {
  return Type.Union(branches, { ...options, discriminator: { propertyName: tag } });
}

/** Any JSON object, up to FREE_JSON_DEPTH_MAX deep. */
export function freeObject(options: TSchemaOptions = {}) {
  const schema = Type.Record(Type.String(), Type.Unknown(), { 'x-rule': FREE_JSON_RULE, ...options });
  return Type.Refine(schema, isShallow, () => FREE_JSON_RULE);
}

/** Any JSON value, up to FREE_JSON_DEPTH_MAX deep. */
export function freeJson(options: TSchemaOptions = {}) {
  const schema = Type.Unknown({ 'x-rule': FREE_JSON_RULE, ...options });
  return Type.Refine(schema, isShallow, () => FREE_JSON_RULE);
}

const FREE_JSON_RULE = `must be JSON nested at most ${FREE_JSON_DEPTH_MAX} levels deep`;

/**
 * Whether a JSON value nests at most FREE_JSON_DEPTH_MAX levels. Level by level, so that no depth can
 * overflow.
 */
export function isShallow(value: unknown): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > FREE_JSON_DEPTH_MAX) return false;
    const next: unknown[] = [];
    for (const item of level) {
      if (typeof item !== 'object' || item === null) continue;
      for (const child of Object.values(item))
        if (typeof child === 'object' && child !== null) next.push(child);
    }
    level = next;
  }
  return true;
}

export type { Static, TSchema };
