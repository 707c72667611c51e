import { GrammarError } from '../grammar-error.ts';
import type { RegexEngine } from '../regex/lazy-dfa.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import type { Formula, FormulaPool } from './formula.ts';
import { extendPointer } from './json-pointer.ts';
import type { ObjectShapes } from './object-shapes.ts';
import type { JsonObject, SchemaIndex, SchemaPlace } from './schema-index.ts';
import type { ValueSet, ValueSets } from './value-set.ts';

/** What a keyword needs to say which values it allows. */
export interface KeywordScene {
  readonly schema: JsonObject;
  readonly place: SchemaPlace;
  readonly index: SchemaIndex;
  readonly engine: RegexEngine;
  readonly formulas: FormulaPool;
  readonly sets: ValueSets;
  readonly nestingMax: number;
  readonly assertFormats: boolean;
  readonly shapes: ObjectShapes;
  /** The formula of a schema inside this one. */
  formulaOf(value: unknown, ...steps: readonly (string | number)[]): Formula;
  /** The formula of a schema that a reference leads to. */
  formulaAt(place: SchemaPlace): Formula;
  /** The target of a reference that depends on the way to this schema. */
  resolveDynamic(reference: string): SchemaPlace;
  expand(formula: Formula): ValueSet;
  /** Strings that satisfy a formula. */
  stringsOf(formula: Formula): RegexNode;
  /** Notes that a keyword of this schema is not enforced; the schema then allows too much. */
  dropKeyword(keyword: string, reason: string): void;
  /** Notes that a keyword of this schema is an annotation here, which refuses nothing anyway. */
  noteKeyword(keyword: string, reason: string): void;
}

/**
 * One keyword, or a few that only mean something together: the values it allows, or a formula of the schemas
 * in it. Null when the keyword is absent or not enforced.
 */
export type Keyword = (scene: KeywordScene) => Narrowing | null;

export type Narrowing =
  | { readonly kind: 'values'; readonly values: ValueSet }
  | { readonly kind: 'formula'; readonly formula: Formula };

export function toValues(values: ValueSet): Narrowing {
  return { kind: 'values', values };
}

export function toFormula(formula: Formula): Narrowing {
  return { kind: 'formula', formula };
}

/** A keyword's value that must be a non-negative integer; undefined when absent. */
export function readCount(scene: KeywordScene, keyword: string): number | undefined {
  const value = scene.schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0) return value;
  return failKeyword(scene, keyword, 'must be a non-negative integer');
}

/** A keyword's value that must be a list of strings; undefined when absent. */
export function readNames(scene: KeywordScene, value: unknown, keyword: string): string[] {
  if (Array.isArray(value) && value.every((name) => typeof name === 'string')) return value;
  return failKeyword(scene, keyword, 'must be a list of strings');
}

/** A keyword's value that must be an object; undefined when absent. */
export function readMap(scene: KeywordScene, keyword: string): JsonObject | undefined {
  const value = scene.schema[keyword];
  if (value === undefined) return undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonObject;
  return failKeyword(scene, keyword, 'must be an object');
}

export function failKeyword(scene: KeywordScene, keyword: string, message: string): never {
  throw new GrammarError({
    message: `"${keyword}" ${message}`,
    path: extendPointer(scene.place.pointer, keyword),
  });
}
