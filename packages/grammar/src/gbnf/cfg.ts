import type { CharSet } from '../text/char-set.ts';

/** A symbol is a terminal (index into `sets`) when >= 0, else the rule `~symbol`. */
export type CfgSymbol = number;

export type CfgRule =
  | { readonly kind: 'choice'; readonly alternatives: readonly (readonly CfgSymbol[])[] }
  /** `symbol` between min and max times; max may be Infinity. */
  | { readonly kind: 'repeat'; readonly symbol: CfgSymbol; readonly min: number; readonly max: number };

/** A context-free grammar over code points. */
export interface Cfg {
  readonly sets: readonly CharSet[];
  readonly rules: readonly CfgRule[];
  readonly root: number;
}

export function ruleSymbol(rule: number): CfgSymbol {
  return ~rule;
}
