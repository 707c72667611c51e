import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { resources } from '@sparkler/api/resources';

/** What firectl does not read: rules that the server checks, and schemas of replies. */
const dropped = new Set(['pattern', 'x-rule', 'x-key-rule', 'title', 'additionalProperties', 'required']);

interface PlainMethod {
  readonly kind: string;
  readonly httpMethod: string;
  readonly path: string;
  readonly verb?: string;
  readonly form?: string;
  readonly resourceKey?: string;
  readonly idKey?: string | null;
  readonly collection?: string;
}

/**
 * The contract as firectl needs it: nouns, methods and fields. A file of data, so that firectl starts without
 * loading the schema library.
 */
export function buildCliContract(): string {
  const projected = Object.fromEntries(
    Object.entries(resources).map(([key, resource]) => [
      key,
      {
        noun: resource.noun,
        plural: resource.plural,
        pattern: resource.pattern,
        schema: projectSchema(resource.schema),
        methods: Object.fromEntries(
          Object.entries(resource.methods).map(([name, method]) => [name, projectMethod(method)]),
        ),
      },
    ]),
  );
  return `${JSON.stringify(projected, null, 1)}\n`;
}

function projectMethod(method: PlainMethod): PlainMethod {
  const { kind, httpMethod, path, verb, form, resourceKey, idKey, collection } = method;
  return JSON.parse(
    JSON.stringify({ kind, httpMethod, path, verb, form, resourceKey, idKey, collection }),
  ) as PlainMethod;
}

function projectSchema(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(projectSchema);
  if (typeof schema !== 'object' || schema === null) return schema;
  const entries = Object.entries(schema);
  // A map's only value schema says what it is; below `properties` every key is a field, whatever its name.
  return Object.fromEntries(
    entries.flatMap(([key, value]) => {
      if (key === 'properties') return [[key, mapValues(value as Record<string, unknown>)]];
      return dropped.has(key) ? [] : [[key, projectSchema(value)]];
    }),
  );
}

function mapValues(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, projectSchema(field)]));
}

/** Writes the projection to a path. */
export async function writeCliContract(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, buildCliContract());
}
