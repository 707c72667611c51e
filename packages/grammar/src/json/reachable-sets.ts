export interface Graph<N, V> {
  next(node: N): readonly N[];
  valueOf(node: N): V;
  readonly nodesMax: number;
  spend(units: number): void;
}

interface Visit<N> {
  readonly node: N;
  readonly targets: readonly N[];
  at: number;
}

/**
 * For every node that can be reached from `start`: the values of all nodes that can be reached from it. Nodes
 * on one cycle share a set (Tarjan's components), so this is one walk however long the way. Null beyond
 * `nodesMax`.
 */
export function gatherReachable<N, V>(start: N, graph: Graph<N, V>): Map<N, ReadonlySet<V>> | null {
  const found = new Map<N, ReadonlySet<V>>();
  const indexes = new Map<N, number>();
  const lows = new Map<N, number>();
  const open: N[] = [];
  const enter = (node: N): Visit<N> => {
    indexes.set(node, indexes.size);
    lows.set(node, indexes.size - 1);
    open.push(node);
    graph.spend(1);
    return { node, targets: graph.next(node), at: 0 };
  };
  const path = [enter(start)];
  while (path.length > 0) {
    const visit = path[path.length - 1]!;
    const target = visit.targets[visit.at];
    if (target !== undefined) {
      visit.at++;
      if (!indexes.has(target)) {
        if (indexes.size >= graph.nodesMax) return null;
        path.push(enter(target));
      } else if (!found.has(target)) {
        lows.set(visit.node, Math.min(lows.get(visit.node)!, indexes.get(target)!));
      }
      continue;
    }
    path.pop();
    const low = lows.get(visit.node)!;
    const parent = path[path.length - 1];
    if (parent !== undefined) lows.set(parent.node, Math.min(lows.get(parent.node)!, low));
    if (low === indexes.get(visit.node)) closeComponent(open, visit.node, graph, found);
  }
  return found;
}

function closeComponent<N, V>(open: N[], root: N, graph: Graph<N, V>, found: Map<N, ReadonlySet<V>>): void {
  const members = open.splice(open.lastIndexOf(root));
  const values = new Set<V>();
  for (const member of members) {
    values.add(graph.valueOf(member));
    for (const target of graph.next(member)) for (const value of found.get(target) ?? []) values.add(value);
  }
  for (const member of members) found.set(member, values);
}
