import type { RegexNode } from '../../regex/regex-node.ts';
import type { Formula } from '../formula.ts';
import { failKeyword, type Keyword, type KeywordScene, readCount, readMap, readNames } from '../keyword.ts';
import { ANY_OBJECT, type ObjectClause, type ObjectShape } from '../object-clause.ts';
import { compilePattern } from './strings.ts';

type ShapeParts = Partial<Omit<ObjectShape, 'id'>>;

export function makeShape(scene: KeywordScene, parts: ShapeParts): ObjectShape {
  return {
    id: scene.nextShapeId(),
    props: parts.props ?? new Map(),
    patterns: parts.patterns ?? [],
    additional: parts.additional ?? scene.formulas.yes,
  };
}

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
  return {
    allowed: () => scene.sets.except({ objects: [clause] }),
    refused: () => scene.sets.only({ objects: violationsOf(scene, shape) }),
  };
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
  return makeShape(scene, {
    props: new Map(
      Object.entries(props).map(([name, schema]) => [name, scene.formulaOf(schema, 'properties', name)]),
    ),
    patterns: compiled,
    ...(additionalProperties === undefined
      ? {}
      : { additional: scene.formulaOf(additionalProperties, 'additionalProperties') }),
  });
}

/** Objects with some property that the shape refuses. */
function violationsOf(scene: KeywordScene, shape: ObjectShape): ObjectClause[] {
  const { formulas, engine } = scene;
  const found: ObjectClause[] = [];
  for (const [name, value] of shape.props) {
    if (value === formulas.yes) continue;
    const own = makeShape(scene, { props: new Map([[name, formulas.not(value)]]) });
    found.push({ ...ANY_OBJECT, shapes: [own], required: [name] });
  }
  for (const { names, value } of shape.patterns) {
    if (value !== formulas.yes)
      found.push({ ...ANY_OBJECT, demands: [{ names, value: formulas.not(value) }] });
  }
  if (shape.additional !== formulas.yes) {
    const others = engine.pool.and([
      engine.pool.not(engine.pool.literals([...shape.props.keys()])),
      ...shape.patterns.map(({ names }) => engine.pool.not(names)),
    ]);
    found.push({ ...ANY_OBJECT, demands: [{ names: others, value: formulas.not(shape.additional) }] });
  }
  return found;
}

/** `required` */
export const requiredKeyword: Keyword = (scene) => {
  const value = scene.schema.required;
  if (value === undefined) return null;
  // Draft 3 wrote `required: true` inside a property; it never meant anything since.
  if (typeof value === 'boolean') return null;
  const names = readNames(scene, value, 'required');
  return {
    allowed: () => scene.sets.except({ objects: [{ ...ANY_OBJECT, required: [...new Set(names)] }] }),
    refused: () => scene.sets.only({ objects: names.map((name) => withoutProperty(scene, name)) }),
  };
};

function withoutProperty(scene: KeywordScene, name: string): ObjectClause {
  return { ...ANY_OBJECT, shapes: [makeShape(scene, { props: new Map([[name, scene.formulas.no]]) })] };
}

/** `minProperties` */
export const minPropertiesKeyword: Keyword = (scene) => {
  const count = readCount(scene, 'minProperties');
  if (count === undefined) return null;
  return {
    allowed: () => scene.sets.except({ objects: [{ ...ANY_OBJECT, min: count }] }),
    refused: () => scene.sets.only({ objects: count === 0 ? [] : [{ ...ANY_OBJECT, max: count - 1 }] }),
  };
};

/** `maxProperties` */
export const maxPropertiesKeyword: Keyword = (scene) => {
  const count = readCount(scene, 'maxProperties');
  if (count === undefined) return null;
  return {
    allowed: () => scene.sets.except({ objects: [{ ...ANY_OBJECT, max: count }] }),
    refused: () => scene.sets.only({ objects: [{ ...ANY_OBJECT, min: count + 1 }] }),
  };
};

/** `propertyNames` */
export const propertyNamesKeyword: Keyword = (scene) => {
  const value = scene.schema.propertyNames;
  if (value === undefined) return null;
  const names = () => scene.stringsOf(scene.formulaOf(value, 'propertyNames'));
  return {
    allowed() {
      const wrong = { names: scene.engine.pool.not(names()), value: scene.formulas.no };
      return scene.sets.except({
        objects: [{ ...ANY_OBJECT, shapes: [makeShape(scene, { patterns: [wrong] })] }],
      });
    },
    refused() {
      const demand = { names: scene.engine.pool.not(names()), value: scene.formulas.yes };
      return scene.sets.only({ objects: [{ ...ANY_OBJECT, demands: [demand] }] });
    },
  };
};

/** `dependentRequired`, and the lists in draft 7's `dependencies` */
export const dependentRequiredKeyword: Keyword = (scene) => {
  const dependents: { name: string; needs: string[] }[] = [];
  for (const keyword of ['dependentRequired', 'dependencies']) {
    for (const [name, needs] of Object.entries(readMap(scene, keyword) ?? {})) {
      if (keyword === 'dependencies' && !Array.isArray(needs) && typeof needs !== 'string') continue;
      const list = typeof needs === 'string' ? [needs] : needs;
      dependents.push({ name, needs: readNames(scene, list, keyword) });
    }
  }
  if (dependents.length === 0) return null;
  return {
    allowed: () => scene.sets.except({ objects: [{ ...ANY_OBJECT, dependents }] }),
    refused: () =>
      scene.sets.only({
        objects: dependents.flatMap(({ name, needs }) =>
          needs.map((need) => ({ ...withoutProperty(scene, need), required: [name] })),
        ),
      }),
  };
};

/** `dependentSchemas`, and the schemas in draft 7's `dependencies` */
export const dependentSchemasKeyword: Keyword = (scene) => {
  const parts: Formula[] = [];
  for (const keyword of ['dependentSchemas', 'dependencies']) {
    for (const [name, schema] of Object.entries(readMap(scene, keyword) ?? {})) {
      if (keyword === 'dependencies' && (Array.isArray(schema) || typeof schema === 'string')) continue;
      if (typeof schema !== 'object' && typeof schema !== 'boolean') {
        failKeyword(scene, keyword, 'must hold schemas');
      }
      const present = scene.formulas.schema({ ...scene.place, schema: presenceSchema(scene, name) }, []);
      const needed = scene.formulaOf(schema, keyword, name);
      parts.push(scene.formulas.or([scene.formulas.not(present), needed]));
    }
  }
  if (parts.length === 0) return null;
  const formula = scene.formulas.and(parts);
  return {
    allowed: () => scene.expand(formula),
    refused: () => scene.expand(scene.formulas.not(formula)),
  };
};

const presenceSchemas = new Map<string, { readonly required: readonly [string] }>();

/** "The property is there", as one object per name so that formulas recognise it. */
function presenceSchema(_scene: KeywordScene, name: string): { readonly required: readonly [string] } {
  let schema = presenceSchemas.get(name);
  if (schema === undefined) {
    schema = { required: [name] };
    presenceSchemas.set(name, schema);
  }
  return schema;
}
