import { GrammarError } from '../grammar-error.ts';
import type { Expansion } from './expansion.ts';
import type { Formula } from './formula.ts';
import { createKeywordScene } from './keyword-scene.ts';
import { ALL_KEYWORDS } from './keywords/all-keywords.ts';
import { refKeyword } from './keywords/applicators.ts';
import { ignoresSiblings } from './schema-index.ts';
import { settleUnevaluated } from './unevaluated.ts';
import { TooManyCases, type ValueSet } from './value-set.ts';

/**
 * The values that one schema allows, or refuses if `negated`. Throws TooManyCases where a negation is too
 * wide.
 */
export function expandSchema(
  expansion: Expansion,
  formula: Formula & { readonly kind: 'schema' },
  negated: boolean,
): ValueSet {
  const { sets } = expansion;
  const { place } = formula;
  if (typeof place.schema === 'boolean') return place.schema !== negated ? sets.all : sets.none;
  let dropped = false;
  const scene = createKeywordScene(expansion, formula, (keyword) => {
    dropped = true;
    expansion.noteUnenforced(keyword);
  });
  const keywords = ignoresSiblings(place, place.schema) ? [refKeyword] : ALL_KEYWORDS;
  const found = keywords.map((keyword) => keyword(scene)).filter((values) => values !== null);
  const usesUnevaluated = 'unevaluatedProperties' in place.schema || 'unevaluatedItems' in place.schema;
  if (negated) {
    // What is unevaluated depends on everything else: it is decided beside the value instead.
    if (usesUnevaluated) throw new TooManyCases();
    const refused = found.map((values) => values.refused());
    return dropped ? sets.all : sets.union([sets.none, ...refused]);
  }
  let values = sets.all;
  for (const keyword of found) values = narrow(expansion, values, keyword.allowed(), place.pointer);
  return usesUnevaluated ? settleUnevaluated(scene, values) : values;
}

function narrow({ sets, limits }: Expansion, values: ValueSet, allowed: ValueSet, path: string): ValueSet {
  try {
    return sets.intersect(values, allowed);
  } catch (error) {
    if (!(error instanceof TooManyCases)) throw error;
    throw new GrammarError({
      message: `combining its keywords gives more than ${limits.casesMax} alternatives`,
      path,
    });
  }
}
