import type { CharSet } from '../text/char-set.ts';

/** A parsed pattern, before anchors and look-aheads are worked into a regular language. */
export type PatternTree =
  | { readonly kind: 'chars'; readonly chars: CharSet }
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly PatternTree[] }
  | { readonly kind: 'repeat'; readonly part: PatternTree; readonly min: number; readonly max: number }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'look'; readonly part: PatternTree; readonly negative: boolean };

/** Whether an anchor or a look-ahead is inside, so that the meaning depends on what stands around. */
export function dependsOnContext(tree: PatternTree): boolean {
  switch (tree.kind) {
    case 'chars':
      return false;
    case 'sequence':
    case 'choice':
      return tree.parts.some(dependsOnContext);
    case 'repeat':
      return dependsOnContext(tree.part);
    default:
      return true;
  }
}
