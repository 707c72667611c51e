import type { UnenforcedKeyword } from '../contract.ts';
import type { Expansion } from './expansion.ts';
import type { Formula } from './formula.ts';
import type { KeywordScene } from './keyword.ts';
import type { JsonObject, SchemaIndex, SchemaPlace, SchemaResource } from './schema-index.ts';

/** Everything the keywords of one schema look at. */
export function createKeywordScene(
  expansion: Expansion,
  { place, scope }: Formula & { readonly kind: 'schema' },
  onDrop: (keyword: UnenforcedKeyword) => void,
): KeywordScene {
  const { index, formulas } = expansion;
  const formulaAt = (target: SchemaPlace) => formulas.schema(target, extendScope(index, scope, target));
  return {
    ...expansion,
    nestingMax: expansion.limits.nestingMax,
    schema: place.schema as JsonObject,
    place,
    formulaOf: (value, ...steps) => formulaAt(index.child(place, value, ...steps)),
    formulaAt,
    resolveDynamic: (reference) => resolveDynamic(index, place, scope, reference),
    stringsOf: (formula) => expansion.expand(formula).strings,
    noteKeyword: (keyword, reason) => expansion.noteUnenforced({ path: place.pointer, keyword, reason }),
    dropKeyword: (keyword, reason) => onDrop({ path: place.pointer, keyword, reason }),
  };
}

function extendScope(
  index: SchemaIndex,
  scope: readonly SchemaResource[],
  target: SchemaPlace,
): readonly SchemaResource[] {
  if (!index.dynamic || scope.includes(target.resource)) return scope;
  return [...scope, target.resource];
}

/** The outermost schema on the way here that bears the anchor, if the reference's own target bears it too. */
function resolveDynamic(
  index: SchemaIndex,
  place: SchemaPlace,
  scope: readonly SchemaResource[],
  reference: string,
): SchemaPlace {
  const target = index.resolve(place, reference);
  const isRecursive = typeof place.schema === 'object' && '$recursiveRef' in place.schema;
  const anchor = isRecursive ? '' : reference.slice(reference.indexOf('#') + 1);
  if (target.resource.dynamicAnchors.get(anchor)?.schema !== target.schema) return target;
  for (const resource of scope) {
    const outer = resource.dynamicAnchors.get(anchor);
    if (outer !== undefined) return outer;
  }
  return target;
}
