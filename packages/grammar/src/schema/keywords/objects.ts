import type { RegexNode } from '../../regex/regex-node.ts';
import type { Formula } from '../formula.ts';
import {
  failKeyword,
  type Keyword,
  type KeywordScene,
  readCount,
  readMap,
  readNames,
  toFormula,
  toValues,
} from '../keyword.ts';
import { ANY_OBJECT, type ObjectClause, type ObjectShape } from '../object-clause.ts';
import { compilePattern } from './strings.ts';

/** `properties`, `patternProperties` and `additionalProperties` */
export const propertiesKeyword: Keyword = (scene) => {
  const props = readMap(scene, 'properties');
  const patterns = readMap(scene, 'patternProperties');
  const { additionalProperties } = scene.schema;
  if (props === undefined && patterns === undefined && additionalProperties === undefined) return null;
  const shape = readShape(scene, props ?? {}, patterns ?? {});
  if (shape === null) return null;
  const clause: ObjectClause = {
    ...ANY_OBJECT,
    shapes: [shape],
    evaluated: {
      all: additionalProperties !== undefined,
      names: new Set(shape.props.keys()),
      patterns: shape.patterns.map((pattern) => pattern.names),
    },
    declares: props !== undefined,
    settled: additionalProperties !== undefined,
  };
  return toValues(scene.sets.except({ objects: [clause] }));
};

function readShape(
  scene: KeywordScene,
  props: Readonly<Record<string, unknown>>,
  patterns: Readonly<Record<string, unknown>>,
): ObjectShape | null {
  const compiled: { names: RegexNode; value: Formula }[] = [];
  for (const [pattern, schema] of Object.entries(patterns)) {
    const names = compilePattern(scene, 'patternProperties', pattern);
    // Without one pattern it is unknown which names are additional, so the whole group is given up.
    if (names === null) return null;
    compiled.push({ names, value: scene.formulaOf(schema, 'patternProperties', pattern) });
  }
  const { additionalProperties } = scene.schema;
  const own = Object.entries(props).map(
    ([name, schema]) => [name, scene.formulaOf(schema, 'properties', name)] as const,
  );
  return scene.shapes.make({
    props: new Map(own),
    patterns: compiled,
    additional:
      additionalProperties === undefined
        ? scene.formulas.yes
        : scene.formulaOf(additionalProperties, 'additionalProperties'),
  });
}

/** `required` */
export const requiredKeyword: Keyword = (scene) => {
  const value = scene.schema.required;
  // Draft 3 wrote `required: true` inside a property; it never meant anything since.
  if (value === undefined || typeof value === 'boolean') return null;
  const required = [...new Set(readNames(scene, value, 'required'))];
  return toValues(scene.sets.except({ objects: [{ ...ANY_OBJECT, required }] }));
};

/** `minProperties` */
export const minPropertiesKeyword: Keyword = (scene) => {
  const min = readCount(scene, 'minProperties');
  return min === undefined ? null : toValues(scene.sets.except({ objects: [{ ...ANY_OBJECT, min }] }));
};

/** `maxProperties` */
export const maxPropertiesKeyword: Keyword = (scene) => {
  const max = readCount(scene, 'maxProperties');
  return max === undefined ? null : toValues(scene.sets.except({ objects: [{ ...ANY_OBJECT, max }] }));
};

/** `propertyNames` */
export const propertyNamesKeyword: Keyword = (scene) => {
  const value = scene.schema.propertyNames;
  if (value === undefined) return null;
  const { pool } = scene.engine;
  const names = pool.not(scene.stringsOf(scene.formulaOf(value, 'propertyNames')));
  const shape = scene.shapes.ofNames(names, scene.formulas.no);
  return toValues(scene.sets.except({ objects: [{ ...ANY_OBJECT, shapes: [shape] }] }));
};

/** `dependentRequired`, and the lists in draft 7's `dependencies` */
export const dependentRequiredKeyword: Keyword = (scene) => {
  const dependents: { name: string; needs: string[] }[] = [];
  for (const keyword of ['dependentRequired', 'dependencies']) {
    for (const [name, needs] of Object.entries(readMap(scene, keyword) ?? {})) {
      if (keyword === 'dependencies' && !isNameList(needs)) continue;
      const list = typeof needs === 'string' ? [needs] : needs;
      dependents.push({ name, needs: readNames(scene, list, keyword) });
    }
  }
  if (dependents.length === 0) return null;
  return toValues(scene.sets.except({ objects: [{ ...ANY_OBJECT, dependents }] }));
};

/** `dependentSchemas`, and the schemas in draft 7's `dependencies` */
export const dependentSchemasKeyword: Keyword = (scene) => {
  const { formulas } = scene;
  const parts: Formula[] = [];
  for (const keyword of ['dependentSchemas', 'dependencies']) {
    for (const [name, schema] of Object.entries(readMap(scene, keyword) ?? {})) {
      if (keyword === 'dependencies' && isNameList(schema)) continue;
      if (typeof schema !== 'object' && typeof schema !== 'boolean') {
        failKeyword(scene, keyword, 'must hold schemas');
      }
      const present = formulas.schema({ ...scene.place, schema: presenceSchema(name) }, []);
      const needed = scene.formulaOf(schema, keyword, name);
      parts.push(formulas.or([formulas.not(present), formulas.and([present, needed])]));
    }
  }
  return parts.length === 0 ? null : toFormula(formulas.and(parts));
};

/** Draft 3 let a single name stand for a list of one. */
function isNameList(value: unknown): boolean {
  return Array.isArray(value) || typeof value === 'string';
}

const presenceSchemas = new Map<string, { readonly required: readonly [string] }>();
const PRESENCE_SCHEMAS_MAX = 10_000;

/** "The property is there", as one object per name so that formulas recognise it. */
function presenceSchema(name: string): { readonly required: readonly [string] } {
  let schema = presenceSchemas.get(name);
  if (schema === undefined) {
    if (presenceSchemas.size >= PRESENCE_SCHEMAS_MAX) presenceSchemas.clear();
    schema = { required: [name] };
    presenceSchemas.set(name, schema);
  }
  return schema;
}
