interface Node<H> {
  /** Tokens on the way from the parent to here; empty only in a root. */
  edge: Int32Array;
  /** Tokens on the way from the root to here. */
  readonly depth: number;
  parent: Node<H> | null;
  readonly children: Map<number, Node<H>>;
  /** Holders whose path goes through or ends here. Never empty but in a root. */
  readonly holders: Set<H>;
}

interface Place<H> {
  readonly space: string;
  readonly node: Node<H>;
}

export interface RadixMatch<H> {
  /** Tokens that match. */
  readonly length: number;
  /** Everyone who holds all of them, accepted or not. */
  readonly holders: ReadonlySet<H>;
}

/**
 * Which holder has which token path. Paths live in spaces (adapter with version, isolation key) that share
 * nothing. A holder has one path. Nodes are split where paths part and merged when they stop parting, so the
 * tree has at most two nodes a holder.
 */
export class RadixTree<H> {
  readonly #roots = new Map<string, Node<H>>();
  readonly #places = new Map<H, Place<H>>();

  /** Sets the holder's path to the first `length` (at least 1) tokens; an earlier path is forgotten. */
  insert(space: string, tokens: Int32Array, length: number, holder: H): void {
    this.remove(holder);
    let node = this.#roots.get(space);
    if (node === undefined) {
      node = createNode<H>(new Int32Array(0), null);
      this.#roots.set(space, node);
    }
    while (node.depth < length) {
      const child: Node<H> | undefined = node.children.get(tokens[node.depth]!);
      if (child === undefined) {
        const leaf: Node<H> = createNode(tokens.slice(node.depth, length), node);
        node.children.set(leaf.edge[0]!, leaf);
        leaf.holders.add(holder);
        node = leaf;
        break;
      }
      const common = countCommon(child.edge, tokens, node.depth, length);
      node = common === child.edge.length ? child : splitNode(child, common);
      node.holders.add(holder);
    }
    this.#places.set(holder, { space, node });
  }

  remove(holder: H): void {
    const place = this.#places.get(holder);
    if (place === undefined) return;
    this.#places.delete(holder);
    let node = place.node;
    while (node.parent !== null) {
      const { parent } = node;
      node.holders.delete(holder);
      if (node.holders.size === 0) parent.children.delete(node.edge[0]!);
      else mergeWithChild(node);
      node = parent;
    }
    if (node.children.size === 0) this.#roots.delete(place.space);
  }

  /** Tokens on the holder's path; 0 if it has none. */
  lengthOf(holder: H): number {
    return this.#places.get(holder)?.node.depth ?? 0;
  }

  spaceOf(holder: H): string | null {
    return this.#places.get(holder)?.space ?? null;
  }

  /** The holder's tokens. */
  pathOf(holder: H): Int32Array {
    const path = new Int32Array(this.lengthOf(holder));
    for (let node = this.#places.get(holder)?.node; node && node.parent !== null; node = node.parent) {
      path.set(node.edge, node.parent.depth);
    }
    return path;
  }

  /** The longest prefix of the first `limit` tokens that an accepted holder has, or null. */
  find(
    space: string,
    tokens: Int32Array,
    limit: number,
    accepts: (holder: H) => boolean = acceptAny,
  ): RadixMatch<H> | null {
    let node = this.#roots.get(space);
    let match: RadixMatch<H> | null = null;
    while (node !== undefined && node.depth < limit) {
      const child: Node<H> | undefined = node.children.get(tokens[node.depth]!);
      if (child === undefined || !hasAccepted(child.holders, accepts)) break;
      const common = countCommon(child.edge, tokens, node.depth, limit);
      match = { length: node.depth + common, holders: child.holders };
      if (common < child.edge.length) break;
      node = child;
    }
    return match;
  }

  /** Holders whose whole path is a prefix of the first `limit` tokens, shortest first. */
  findWhole(space: string, tokens: Int32Array, limit: number): H[] {
    const found: H[] = [];
    let node = this.#roots.get(space);
    while (node !== undefined && node.depth < limit) {
      const child: Node<H> | undefined = node.children.get(tokens[node.depth]!);
      if (child === undefined || countCommon(child.edge, tokens, node.depth, limit) < child.edge.length)
        break;
      for (const holder of child.holders) if (this.#places.get(holder)?.node === child) found.push(holder);
      node = child;
    }
    return found;
  }

  holders(): IterableIterator<H> {
    return this.#places.keys();
  }

  /** Nodes without roots. */
  countNodes(): number {
    const count = (node: Node<H>): number => {
      let nodes = 0;
      for (const child of node.children.values()) nodes += 1 + count(child);
      return nodes;
    };
    let nodes = 0;
    for (const root of this.#roots.values()) nodes += count(root);
    return nodes;
  }
}

const acceptAny = (): boolean => true;

function hasAccepted<H>(holders: ReadonlySet<H>, accepts: (holder: H) => boolean): boolean {
  if (accepts === acceptAny) return true;
  for (const holder of holders) if (accepts(holder)) return true;
  return false;
}

function createNode<H>(edge: Int32Array, parent: Node<H> | null): Node<H> {
  const depth = (parent?.depth ?? 0) + edge.length;
  return { edge, depth, parent, children: new Map(), holders: new Set() };
}

/** How many tokens of `edge` agree with `tokens` from `from` on, up to `limit`. */
function countCommon(edge: Int32Array, tokens: Int32Array, from: number, limit: number): number {
  const longest = Math.min(edge.length, limit - from);
  let common = 0;
  while (common < longest && edge[common] === tokens[from + common]) common++;
  return common;
}

/** Puts a new node `at` tokens into the edge. Paths that end in `node` still end there. */
function splitNode<H>(node: Node<H>, at: number): Node<H> {
  const upper: Node<H> = createNode(node.edge.slice(0, at), node.parent);
  for (const holder of node.holders) upper.holders.add(holder);
  upper.parent!.children.set(upper.edge[0]!, upper);
  node.edge = node.edge.slice(at);
  node.parent = upper;
  upper.children.set(node.edge[0]!, node);
  return upper;
}

/** Drops a node where nothing parts any more: one child, and no path ends in the node itself. */
function mergeWithChild<H>(node: Node<H>): void {
  if (node.children.size !== 1) return;
  const [child] = node.children.values();
  if (child!.holders.size !== node.holders.size) return;
  const edge = new Int32Array(node.edge.length + child!.edge.length);
  edge.set(node.edge);
  edge.set(child!.edge, node.edge.length);
  child!.edge = edge;
  child!.parent = node.parent;
  node.parent!.children.set(edge[0]!, child!);
}
