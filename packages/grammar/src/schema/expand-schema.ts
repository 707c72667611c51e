import type { Expansion } from './expansion.ts';
import type { Formula } from './formula.ts';
import { createKeywordScene } from './keyword-scene.ts';
import { ALL_KEYWORDS } from './keywords/all-keywords.ts';
import { refKeyword } from './keywords/applicators.ts';
import { narrowValues } from './narrow-values.ts';
import { ignoresSiblings } from './schema-index.ts';
import { settleUnevaluated } from './unevaluated.ts';
import type { ValueSet } from './value-set.ts';

/** The values that one schema allows. */
export function expandSchema(expansion: Expansion, formula: Formula & { readonly kind: 'schema' }): ValueSet {
  const { sets } = expansion;
  const { schema } = formula.place;
  if (typeof schema === 'boolean') return schema ? sets.all : sets.none;
  let dropped = false;
  const scene = createKeywordScene(expansion, formula, (keyword) => {
    dropped = true;
    expansion.noteUnenforced(keyword);
  });
  let values = sets.all;
  for (const keyword of ignoresSiblings(formula.place, schema) ? [refKeyword] : ALL_KEYWORDS) {
    const narrowing = keyword(scene);
    if (narrowing?.kind === 'values') values = sets.intersect(values, narrowing.values);
    else if (narrowing !== null) values = narrowValues(expansion, values, narrowing.formula);
  }
  if ('unevaluatedProperties' in schema || 'unevaluatedItems' in schema) {
    values = settleUnevaluated(scene, values);
  }
  return dropped ? { ...values, loose: true } : values;
}
