import type { TSchema } from 'typebox';
import { type PlainSchema, plain } from '../problem.ts';

export type JsonObject = { [key: string]: unknown };

/** Annotations that steer our own checks and say nothing to other tools. */
const INTERNAL = new Set(['x-rule', 'x-key-rule', 'x-refused-fields', 'x-access', 'x-required']);

/**
 * Collects schemas as OpenAPI components: a schema with a title becomes a component of that name, once, and a
 * reference wherever it stands.
 */
export class Components {
  readonly schemas: Record<string, JsonObject> = {};
  /** Resources: the same schema serves create, update and replies, so what create requires is only a note. */
  readonly #resourceTitles: ReadonlySet<string>;

  constructor(resourceTitles: ReadonlySet<string>) {
    this.#resourceTitles = resourceTitles;
  }

  /** A schema as OpenAPI writes it, inline or as a reference. */
  use(schema: TSchema): JsonObject {
    return this.#project(plain(schema));
  }

  /** Adds a component that is not made of a TypeBox schema. */
  add(name: string, schema: JsonObject): JsonObject {
    this.schemas[name] = schema;
    return { $ref: `#/components/schemas/${name}` };
  }

  #project(schema: PlainSchema): JsonObject {
    if (schema.title === undefined) return { ...this.#body(schema), ...marksOf(schema) };
    const body = this.#body(schema);
    const known = this.schemas[schema.title];
    if (known !== undefined && JSON.stringify(known) !== JSON.stringify(body)) {
      throw new Error(`two different schemas have the title ${schema.title}; rename one`);
    }
    return { ...this.add(schema.title, body), ...marksOf(schema) };
  }

  #body(schema: PlainSchema): JsonObject {
    const body: JsonObject = {};
    for (const [key, value] of Object.entries(schema)) {
      if (INTERNAL.has(key) || key.startsWith('~')) continue;
      body[key] = this.#keyword(key, value);
    }
    const required = Object.entries(schema.properties ?? {}).filter(
      ([, inner]) => inner['x-required'] === true,
    );
    if (required.length > 0) {
      const isResource = schema.title !== undefined && this.#resourceTitles.has(schema.title);
      body[isResource ? 'x-required-on-create' : 'required'] = required.map(([name]) => name);
    }
    return body;
  }

  #keyword(key: string, value: unknown): unknown {
    if (key === 'properties' || key === 'patternProperties') {
      const entries = Object.entries(value as Record<string, PlainSchema>);
      return Object.fromEntries(entries.map(([name, inner]) => [name, this.#project(inner)]));
    }
    if (key === 'items') return this.#project(value as PlainSchema);
    if (key === 'anyOf') return (value as PlainSchema[]).map((inner) => this.#project(inner));
    return value;
  }
}

function marksOf(schema: PlainSchema): JsonObject {
  if (schema['x-access'] === 'output') return { readOnly: true };
  if (schema['x-access'] === 'secret') return { writeOnly: true };
  return schema['x-access'] === 'create' ? { 'x-immutable': true } : {};
}
