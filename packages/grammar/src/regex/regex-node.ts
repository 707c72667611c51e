import type { CharSet } from '../text/char-set.ts';

/** A regular language over code points; made only by a RegexPool, so equal nodes are the same object. */
export type RegexNode =
  | (NodeBase & { readonly kind: 'none' | 'empty' })
  | (NodeBase & { readonly kind: 'chars'; readonly chars: CharSet })
  | (NodeBase & { readonly kind: 'concat'; readonly first: RegexNode; readonly rest: RegexNode })
  | (NodeBase & { readonly kind: 'or' | 'and'; readonly parts: readonly RegexNode[] })
  | (NodeBase & { readonly kind: 'not'; readonly part: RegexNode })
  | (NodeBase & {
      readonly kind: 'repeat';
      readonly part: RegexNode;
      readonly min: number;
      /** Infinity for no upper bound. */
      readonly max: number;
    });

interface NodeBase {
  readonly id: number;
  /** Whether the language holds the empty string. */
  readonly nullable: boolean;
  /**
   * Whether an intersection or complement is inside, so that the language may be empty without showing it.
   */
  readonly boolean: boolean;
}
