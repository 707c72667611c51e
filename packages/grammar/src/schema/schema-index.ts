import { GrammarError } from '../grammar-error.ts';
import type { GrammarLimits } from '../limits.ts';
import { extendPointer, followPointer, splitPointer } from './json-pointer.ts';
import { eachSubschema } from './subschemas.ts';
import { resolveUri, splitFragment } from './uri-reference.ts';

export type JsonObject = Readonly<Record<string, unknown>>;
export type SchemaValue = boolean | JsonObject;

/** One schema document or embedded document: the part of a schema under one `$id`. */
export interface SchemaResource {
  readonly uri: string;
  readonly root: SchemaValue;
  /** Pointer of `root` in the document it is written in. */
  readonly pointer: string;
  readonly anchors: Map<string, SchemaPlace>;
  readonly dynamicAnchors: Map<string, SchemaPlace>;
  readonly draft: SchemaDraft;
}

export type SchemaDraft = 4 | 6 | 7 | 2019 | 2020;

/** A schema and where it stands. */
export interface SchemaPlace {
  readonly schema: SchemaValue;
  readonly pointer: string;
  readonly resource: SchemaResource;
}

/** All schemas of a document, by place and by URI. */
export interface SchemaIndex {
  readonly root: SchemaPlace;
  /** Every schema inside of the one to compile, outer ones first; further documents left out. */
  readonly places: readonly SchemaPlace[];
  /** Whether `$dynamicRef` or `$recursiveRef` occurs, so that the way to a schema may change its meaning. */
  readonly dynamic: boolean;
  /** Whether `unevaluatedProperties` or `unevaluatedItems` occurs. */
  readonly unevaluated: boolean;
  /** The target of a reference in a schema at `place`. Throws a GrammarError if there is none. */
  resolve(place: SchemaPlace, reference: string): SchemaPlace;
  /** A schema directly inside of the one at `place`. */
  child(place: SchemaPlace, schema: unknown, ...steps: readonly (string | number)[]): SchemaPlace;
}

export interface SchemaDocuments {
  readonly schema: unknown;
  /** Further documents that references may lead to, by URI. */
  readonly documents?: Readonly<Record<string, unknown>> | undefined;
}

interface Builder {
  readonly resources: Map<string, SchemaResource>;
  readonly places: Map<object, SchemaPlace>;
  readonly limits: GrammarLimits;
  dynamic: boolean;
  unevaluated: boolean;
}

const DEFAULT_BASE = 'schema:/';

export function indexSchema({ schema, documents = {} }: SchemaDocuments, limits: GrammarLimits): SchemaIndex {
  const builder: Builder = {
    resources: new Map(),
    places: new Map(),
    limits,
    dynamic: false,
    unevaluated: false,
  };
  const rootSchema = checkSchemaValue(schema, '');
  for (const [uri, document] of Object.entries(documents)) {
    if (typeof document === 'object' && document !== null)
      addDocument(builder, document as JsonObject, uri, 2020);
  }
  const others = builder.places.size;
  const root = addDocument(builder, rootSchema, DEFAULT_BASE, 2020);
  return {
    root,
    places: [...builder.places.values()].slice(others),
    dynamic: builder.dynamic,
    unevaluated: builder.unevaluated,
    resolve: (place, reference) => resolveReference(builder, place, reference),
    child(place, value, ...steps) {
      const pointer = steps.reduce<string>(extendPointer, place.pointer);
      const checked = checkSchemaValue(value, pointer);
      if (typeof checked === 'boolean') return { schema: checked, pointer, resource: place.resource };
      return builder.places.get(checked) ?? { schema: checked, pointer, resource: place.resource };
    },
  };
}

export function checkSchemaValue(value: unknown, pointer: string): SchemaValue {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new GrammarError({ message: 'a schema must be an object or a boolean', path: pointer });
}

function addDocument(builder: Builder, schema: SchemaValue, uri: string, draft: SchemaDraft): SchemaPlace {
  const resource = makeResource(schema, splitFragment(uri).resource, '', draftOf(schema, draft));
  builder.resources.set(resource.uri, resource);
  const place = { schema, pointer: '', resource };
  scan(builder, place, 0);
  return typeof schema === 'object' ? builder.places.get(schema)! : place;
}

function makeResource(schema: SchemaValue, uri: string, pointer: string, draft: SchemaDraft): SchemaResource {
  return { uri, root: schema, pointer, anchors: new Map(), dynamicAnchors: new Map(), draft };
}

function draftOf(schema: SchemaValue, inherited: SchemaDraft): SchemaDraft {
  const named = typeof schema === 'object' ? schema.$schema : undefined;
  if (typeof named !== 'string') return inherited;
  if (named.includes('2020-12')) return 2020;
  if (named.includes('2019-09')) return 2019;
  const found = /draft-0([3467])/.exec(named);
  if (found === null) return inherited;
  const number = Number(found[1]);
  return number === 7 ? 7 : number === 6 ? 6 : 4;
}

/** Notes the schema at `place` and all inside of it: resources, anchors, places. */
function scan(builder: Builder, outer: SchemaPlace, depth: number): void {
  const { schema } = outer;
  if (typeof schema === 'boolean' || builder.places.has(schema)) return;
  if (depth > builder.limits.nestingMax) {
    throw new GrammarError({
      message: `schemas nested deeper than ${builder.limits.nestingMax}`,
      path: outer.pointer,
    });
  }
  const place = enterResource(builder, outer, schema);
  builder.places.set(schema, place);
  noteAnchors(place, schema);
  if ('$dynamicRef' in schema || '$recursiveRef' in schema) builder.dynamic = true;
  if ('unevaluatedProperties' in schema || 'unevaluatedItems' in schema) builder.unevaluated = true;
  if (ignoresSiblings(place, schema)) {
    scanDefinitions(builder, place, schema, depth);
    return;
  }
  eachSubschema(schema, (value, ...steps) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const pointer = steps.reduce<string>(extendPointer, place.pointer);
    scan(builder, { schema: value as JsonObject, pointer, resource: place.resource }, depth + 1);
  });
}

/** Up to draft 7 nothing beside `$ref` counts, but definitions there can still be pointed at. */
function scanDefinitions(builder: Builder, place: SchemaPlace, schema: JsonObject, depth: number): void {
  for (const keyword of ['definitions', '$defs']) {
    const map = schema[keyword];
    if (typeof map !== 'object' || map === null) continue;
    for (const [name, value] of Object.entries(map)) {
      if (typeof value !== 'object' || value === null || Array.isArray(value)) continue;
      const pointer = extendPointer(extendPointer(place.pointer, keyword), name);
      scan(builder, { schema: value as JsonObject, pointer, resource: place.resource }, depth + 1);
    }
  }
}

export function ignoresSiblings(place: SchemaPlace, schema: JsonObject): boolean {
  return place.resource.draft <= 7 && typeof schema.$ref === 'string';
}

function enterResource(builder: Builder, place: SchemaPlace, schema: JsonObject): SchemaPlace {
  const draft = draftOf(schema, place.resource.draft);
  const id = draft === 4 ? schema.id : schema.$id;
  if (typeof id !== 'string' || (draft <= 7 && typeof schema.$ref === 'string')) return place;
  const { resource: uri, fragment } = splitFragment(resolveUri(place.resource.uri, id));
  const isRoot = place.resource.root === schema;
  if (fragment !== '' && uri === place.resource.uri) {
    place.resource.anchors.set(fragment, place);
    return place;
  }
  if (uri === place.resource.uri && !isRoot) return place;
  const resource = makeResource(schema, uri, place.pointer, draft);
  builder.resources.set(uri, resource);
  return { ...place, resource };
}

function noteAnchors(place: SchemaPlace, schema: JsonObject): void {
  const { resource } = place;
  if (typeof schema.$anchor === 'string') resource.anchors.set(schema.$anchor, place);
  if (typeof schema.$dynamicAnchor === 'string') {
    resource.anchors.set(schema.$dynamicAnchor, place);
    resource.dynamicAnchors.set(schema.$dynamicAnchor, place);
  }
  if (schema.$recursiveAnchor === true && resource.root === schema) resource.dynamicAnchors.set('', place);
}

function resolveReference(builder: Builder, place: SchemaPlace, reference: string): SchemaPlace {
  const { resource: uri, fragment } = splitFragment(resolveUri(place.resource.uri, reference));
  const fail = (reason: string): never => {
    throw new GrammarError({ message: `cannot resolve "${reference}": ${reason}`, path: place.pointer });
  };
  const resource = builder.resources.get(uri) ?? builder.resources.get(uri.replace(/\/$/, ''));
  if (resource === undefined) return fail('no document with that URI was given');
  const anchored = resource.anchors.get(fragment);
  if (anchored !== undefined) return anchored;
  const steps = splitPointer(fragment);
  if (steps === null) return fail('no such anchor');
  const value = followPointer(resource.root, steps);
  if (value === undefined) return fail('nothing is there');
  const pointer = steps.reduce(extendPointer, resource.pointer);
  const schema = checkSchemaValue(value, place.pointer);
  if (typeof schema === 'boolean') return { schema, pointer, resource };
  if (!builder.places.has(schema)) scan(builder, { schema, pointer, resource }, 0);
  return builder.places.get(schema)!;
}
