import type { PlainSchema } from './problem.ts';

/** What a field holds, as filters, orders and masks see it. */
export type FieldType =
  | { readonly kind: 'string' | 'boolean' | 'number' | 'int64' | 'timestamp' | 'duration' | 'json' }
  | { readonly kind: 'enum'; readonly words: readonly string[] }
  | { readonly kind: 'list' | 'map'; readonly item: FieldType }
  | { readonly kind: 'message'; readonly schema: PlainSchema };

/** A field inside a resource. `path` is spelled as in JSON; a key of a map is the last segment. */
export interface Field {
  readonly path: readonly string[];
  readonly type: FieldType;
}

export function typeOf(schema: PlainSchema): FieldType {
  if (schema.enum) return { kind: 'enum', words: schema.enum.map(String) };
  switch (schema.type) {
    case 'string':
      if (schema.format === 'date-time') return { kind: 'timestamp' };
      if (schema.format === 'google-duration') return { kind: 'duration' };
      return { kind: schema.format === 'int64' ? 'int64' : 'string' };
    case 'integer':
    case 'number':
      return { kind: 'number' };
    case 'boolean':
      return { kind: 'boolean' };
    case 'array':
      return { kind: 'list', item: typeOf(schema.items ?? {}) };
    case 'object': {
      if (schema.properties) return { kind: 'message', schema };
      const [value] = Object.values(schema.patternProperties ?? {});
      return { kind: 'map', item: typeOf(value ?? {}) };
    }
    default:
      return { kind: 'json' };
  }
}

/**
 * The field at a path written by a caller in camelCase or snake_case; null if there is none. Fields that are
 * never returned are found only when `scope` says so: a filter over a secret would give it away bit by bit.
 */
export function findField(
  schema: PlainSchema,
  path: readonly string[],
  scope: 'readable' | 'all' = 'readable',
): Field | null {
  const found: string[] = [];
  let type: FieldType = { kind: 'message', schema };
  for (const segment of path) {
    if (type.kind === 'map') {
      found.push(segment);
      type = type.item;
      continue;
    }
    if (type.kind !== 'message') return null;
    const key = toCamelCase(segment);
    const next: PlainSchema | undefined = Object.hasOwn(type.schema.properties ?? {}, key)
      ? type.schema.properties?.[key]
      : undefined;
    if (!next || (scope === 'readable' && next['x-access'] === 'secret')) return null;
    found.push(key);
    type = typeOf(next);
  }
  return { path: found, type };
}

/** `create_time` and `createTime` name the same field: gRPC clients write the first. */
export function toCamelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** The names a caller may write at the place where a path stops being known; for "did you mean". */
export function namesAt(schema: PlainSchema, path: readonly string[]): readonly string[] {
  const parent = findField(schema, path);
  return parent?.type.kind === 'message' ? Object.keys(parent.type.schema.properties ?? {}) : [];
}
