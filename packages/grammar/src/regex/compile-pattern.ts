import { parsePattern } from './parse-pattern.ts';
import { PatternError } from './pattern-error.ts';
import { dependsOnContext, type PatternTree } from './pattern-tree.ts';
import type { RegexNode } from './regex-node.ts';
import type { RegexPool } from './regex-pool.ts';

/** What follows a piece of a pattern up to the end of the text, given whether the piece ends at its start. */
type Rest = (atStart: boolean) => RegexNode;

/**
 * Strings in which the ECMA-262 pattern matches somewhere, as JSON Schema wants it. Throws a PatternError.
 */
export function compileSearch(pool: RegexPool, text: string, nestingMax: number): RegexNode {
  const tree = parsePattern(text, nestingMax);
  const open: Rest = () => pool.all;
  if (!dependsOnContext(tree)) return pool.concat(pool.all, pool.concat(toRegex(pool, tree), pool.all));
  const fromStart = follow(pool, tree, true, open);
  const later = follow(pool, tree, false, open);
  return pool.or([fromStart, pool.concat(pool.repeat(pool.anyChar, 1, Infinity), later)]);
}

/** Strings that the pattern matches from end to end. Throws a PatternError. */
export function compileWhole(pool: RegexPool, text: string, nestingMax: number): RegexNode {
  const tree = parsePattern(text, nestingMax);
  return follow(pool, tree, true, () => pool.empty);
}

/** The language of a tree without anchors and look-aheads. */
function toRegex(pool: RegexPool, tree: PatternTree): RegexNode {
  switch (tree.kind) {
    case 'chars':
      return pool.chars(tree.chars);
    case 'sequence':
      return tree.parts.reduceRight<RegexNode>(
        (rest, part) => pool.concat(toRegex(pool, part), rest),
        pool.empty,
      );
    case 'choice':
      return pool.or(tree.parts.map((part) => toRegex(pool, part)));
    case 'repeat':
      return pool.repeat(toRegex(pool, tree.part), tree.min, tree.max);
    default:
      throw new PatternError('anchor or look-ahead inside a repetition', 0, true);
  }
}

/**
 * The language of `tree` followed by `rest`. Working from the end of the text makes anchors and look-aheads
 * plain set operations: `$` holds where the rest may be empty, `(?=x)` intersects the rest with what x
 * starts.
 */
function follow(pool: RegexPool, tree: PatternTree, atStart: boolean, rest: Rest): RegexNode {
  if (!dependsOnContext(tree)) return followPlain(pool, toRegex(pool, tree), atStart, rest);
  switch (tree.kind) {
    case 'sequence':
      return followParts(pool, tree.parts, 0, atStart, rest);
    case 'choice':
      return pool.or(tree.parts.map((part) => follow(pool, part, atStart, rest)));
    case 'start':
      return atStart ? rest(true) : pool.none;
    case 'end':
      return rest(atStart).nullable ? pool.empty : pool.none;
    case 'look': {
      const ahead = follow(pool, tree.part, atStart, () => pool.all);
      return pool.and([tree.negative ? pool.not(ahead) : ahead, rest(atStart)]);
    }
    case 'repeat':
      return followRepeat(pool, tree, atStart, rest);
    default:
      return pool.none;
  }
}

function followParts(
  pool: RegexPool,
  parts: readonly PatternTree[],
  index: number,
  atStart: boolean,
  rest: Rest,
): RegexNode {
  const part = parts[index];
  if (part === undefined) return rest(atStart);
  return follow(
    pool,
    part,
    atStart,
    remember((start) => followParts(pool, parts, index + 1, start, rest)),
  );
}

function followPlain(pool: RegexPool, node: RegexNode, atStart: boolean, rest: Rest): RegexNode {
  const after = rest(false);
  if (!atStart || !node.nullable) return pool.concat(node, after);
  const untouched = rest(true);
  if (untouched === after) return pool.concat(node, after);
  const consumed = pool.and([node, pool.repeat(pool.anyChar, 1, Infinity)]);
  return pool.or([untouched, pool.concat(consumed, after)]);
}

/** Repetitions of something that looks around itself: unrolled when few, refused otherwise. */
function followRepeat(
  pool: RegexPool,
  tree: PatternTree & { kind: 'repeat' },
  atStart: boolean,
  rest: Rest,
): RegexNode {
  const unrolledMax = 8;
  if (tree.max > unrolledMax) {
    throw new PatternError('anchor or look-ahead inside an unbounded repetition', 0, true);
  }
  const times = (count: number, start: boolean): RegexNode => {
    const more =
      count < tree.max
        ? follow(
            pool,
            tree.part,
            start,
            remember((next) => times(count + 1, next)),
          )
        : pool.none;
    return count >= tree.min ? pool.or([rest(start), more]) : more;
  };
  return times(0, atStart);
}

function remember(rest: Rest): Rest {
  const known: (RegexNode | undefined)[] = [undefined, undefined];
  return (atStart) => {
    const index = atStart ? 1 : 0;
    known[index] ??= rest(atStart);
    return known[index];
  };
}
