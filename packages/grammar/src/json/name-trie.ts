/**
 * A prefix tree of property names by code point; names are numbered in order, so a subtree is a range of
 * numbers.
 */
export interface NameNode {
  readonly id: number;
  readonly depth: number;
  readonly children: ReadonlyMap<number, NameNode>;
  /** The name that ends here, or -1. */
  readonly name: number;
  /** Names below (and at) this node: first to end. */
  readonly first: number;
  readonly end: number;
}

/** Builds the tree of `names`, which must be sorted by code points and distinct. */
export function buildNameTrie(names: readonly (readonly number[])[]): NameNode {
  let nextId = 0;
  const build = (first: number, end: number, depth: number): NameNode => {
    const children = new Map<number, NameNode>();
    const id = nextId++;
    let name = -1;
    for (let at = first; at < end; ) {
      const codes = names[at]!;
      if (codes.length === depth) {
        name = at++;
        continue;
      }
      const code = codes[depth]!;
      let next = at + 1;
      while (next < end && names[next]![depth] === code) next++;
      children.set(code, build(at, next, depth + 1));
      at = next;
    }
    return { id, depth, children, name, first, end };
  };
  return build(0, names.length, 0);
}

/** Code points of a text. */
export function codePointsOf(text: string): number[] {
  return [...text].map((char) => char.codePointAt(0)!);
}

/** Orders texts by code points. */
export function compareCodePoints(left: readonly number[], right: readonly number[]): number {
  for (let at = 0; at < left.length && at < right.length; at++) {
    if (left[at] !== right[at]) return left[at]! - right[at]!;
  }
  return left.length - right.length;
}
