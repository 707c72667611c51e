import type { RegexNode } from './regex-node.ts';
import type { RegexPool } from './regex-pool.ts';

/**
 * Whether any text whatever can be continued to one of the language: what a search for a pattern somewhere in
 * the text comes to. A false answer says nothing.
 */
export function isAlwaysOpen(pool: RegexPool, node: RegexNode): boolean {
  switch (node.kind) {
    case 'repeat':
      return node.part === pool.anyChar && node.max === Infinity;
    case 'concat':
      return node.first === pool.all && !node.rest.boolean;
    case 'or':
      return node.parts.some((part) => isAlwaysOpen(pool, part));
    case 'and':
      // A text that satisfies one part still does after it has been continued for the next.
      return node.parts.every((part) => isAlwaysOpen(pool, part) && keepsWhenContinued(pool, part));
    default:
      return false;
  }
}

/** Whether a text of the language stays in it whatever is appended. */
function keepsWhenContinued(pool: RegexPool, node: RegexNode): boolean {
  switch (node.kind) {
    case 'repeat':
      return node.part === pool.anyChar && node.max === Infinity;
    case 'concat':
      return keepsWhenContinued(pool, node.rest);
    case 'or':
      return node.parts.every((part) => keepsWhenContinued(pool, part));
    default:
      return false;
  }
}
