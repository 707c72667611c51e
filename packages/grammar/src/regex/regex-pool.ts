import { type CharSet, intersectCharSets, SCALAR_VALUES, unionCharSets } from '../text/char-set.ts';
import type { WorkBudget } from '../work-budget.ts';
import type { RegexNode } from './regex-node.ts';

/**
 * Makes regex nodes in a normal form, so that derivatives of one pattern are finitely many objects.
 * Characters are Unicode scalar values: a surrogate alone cannot be written as UTF-8, so no text holds one.
 */
export class RegexPool {
  readonly none: RegexNode;
  readonly empty: RegexNode;
  readonly anyChar: RegexNode;
  /** Every string. */
  readonly all: RegexNode;
  private readonly nodes = new Map<string, RegexNode>();
  private readonly budget: WorkBudget;

  constructor(budget: WorkBudget) {
    this.budget = budget;
    this.none = this.intern('none', { kind: 'none', nullable: false, boolean: false });
    this.empty = this.intern('empty', { kind: 'empty', nullable: true, boolean: false });
    this.anyChar = this.chars(SCALAR_VALUES);
    this.all = this.repeat(this.anyChar, 0, Infinity);
  }

  chars(wanted: CharSet): RegexNode {
    const set = intersectCharSets(wanted, SCALAR_VALUES);
    if (set.length === 0) return this.none;
    return this.intern(`c${set.join(',')}`, { kind: 'chars', chars: set, nullable: false, boolean: false });
  }

  concat(first: RegexNode, rest: RegexNode): RegexNode {
    if (first.kind === 'none' || rest.kind === 'none') return this.none;
    if (first.kind === 'empty') return rest;
    if (rest.kind === 'empty') return first;
    if (first.kind === 'concat') return this.concat(first.first, this.concat(first.rest, rest));
    const { all } = this;
    if (first === all && (rest === all || (rest.kind === 'concat' && rest.first === all))) return rest;
    return this.intern(`.${first.id},${rest.id}`, {
      kind: 'concat',
      first,
      rest,
      nullable: first.nullable && rest.nullable,
      boolean: first.boolean || rest.boolean,
    });
  }

  repeat(part: RegexNode, min: number, max: number): RegexNode {
    if (max === 0 || part.kind === 'empty') return this.empty;
    if (part.kind === 'none') return min === 0 ? this.empty : this.none;
    if (min === 1 && max === 1) return part;
    if (part.kind === 'repeat' && part.min <= 1 && part.max === Infinity) {
      return this.repeat(part.part, part.min === 0 || min === 0 ? 0 : min, Infinity);
    }
    const least = part.nullable ? 0 : min;
    return this.intern(`r${part.id},${least},${max}`, {
      kind: 'repeat',
      part,
      min: least,
      max,
      nullable: least === 0,
      boolean: part.boolean,
    });
  }

  or(parts: readonly RegexNode[]): RegexNode {
    const kept = new Set<RegexNode>();
    let set: CharSet | null = null;
    for (const part of flatten(parts, 'or')) {
      if (part === this.all) return this.all;
      if (part.kind === 'chars') set = set === null ? part.chars : unionCharSets(set, part.chars);
      else if (part.kind !== 'none') kept.add(part);
    }
    if (set !== null) kept.add(this.chars(set));
    const { empty } = this;
    if (kept.has(empty) && [...kept].some((part) => part !== empty && part.nullable)) kept.delete(empty);
    const sorted = sortById(kept);
    if (sorted.length <= 1) return sorted[0] ?? this.none;
    return this.intern(`|${sorted.map((part) => part.id).join(',')}`, {
      kind: 'or',
      parts: sorted,
      nullable: sorted.some((part) => part.nullable),
      boolean: sorted.some((part) => part.boolean),
    });
  }

  and(parts: readonly RegexNode[]): RegexNode {
    const kept = new Set<RegexNode>();
    let set: CharSet | null = null;
    let least = 0;
    let most = Infinity;
    for (const part of flatten(parts, 'and')) {
      if (part.kind === 'none') return part;
      if (part.kind === 'chars') set = set === null ? part.chars : intersectCharSets(set, part.chars);
      else if (part.kind === 'repeat' && part.part === this.anyChar) {
        least = Math.max(least, part.min);
        most = Math.min(most, part.max);
      } else kept.add(part);
    }
    if (set !== null) kept.add(this.chars(set));
    if (least > most) return this.none;
    if (least > 0 || most < Infinity) kept.add(this.repeat(this.anyChar, least, most));
    return this.intersect(sortById(kept));
  }

  not(part: RegexNode): RegexNode {
    if (part.kind === 'not') return part.part;
    if (part.kind === 'none') return this.all;
    if (part === this.all) return this.none;
    if (part.kind === 'repeat' && part.part === this.anyChar) {
      const below = part.min > 0 ? this.repeat(this.anyChar, 0, part.min - 1) : this.none;
      const above = part.max < Infinity ? this.repeat(this.anyChar, part.max + 1, Infinity) : this.none;
      return this.or([below, above]);
    }
    return this.intern(`!${part.id}`, { kind: 'not', part, nullable: !part.nullable, boolean: true });
  }

  /** Exactly these strings, sharing prefixes so that a thousand of them stay cheap to derive. */
  literals(texts: readonly string[]): RegexNode {
    const byFirst = new Map<string, string[]>();
    for (const text of texts) {
      const first = text === '' ? '' : String.fromCodePoint(text.codePointAt(0)!);
      const rests = byFirst.get(first);
      if (rests === undefined) byFirst.set(first, [text.slice(first.length)]);
      else rests.push(text.slice(first.length));
    }
    return this.or(
      [...byFirst].map(([first, rests]) => {
        if (first === '') return this.empty;
        const code = first.codePointAt(0)!;
        return this.concat(this.chars([code, code]), this.literals(rests));
      }),
    );
  }

  private intersect(parts: readonly RegexNode[]): RegexNode {
    const { none, empty } = this;
    if (parts.includes(none)) return none;
    if (parts.includes(empty)) return parts.every((part) => part.nullable) ? empty : none;
    if (parts.length <= 1) return parts[0] ?? this.all;
    if (parts.some((part) => part.kind === 'not' && parts.includes(part.part))) return none;
    return this.intern(`&${parts.map((part) => part.id).join(',')}`, {
      kind: 'and',
      parts,
      nullable: parts.every((part) => part.nullable),
      boolean: true,
    });
  }

  private intern(key: string, fresh: FreshNode): RegexNode {
    let node = this.nodes.get(key);
    if (node === undefined) {
      this.budget.spend(1);
      node = { ...fresh, id: this.nodes.size };
      this.nodes.set(key, node);
    }
    return node;
  }
}

type FreshNode = RegexNode extends infer Node ? (Node extends RegexNode ? Omit<Node, 'id'> : never) : never;

function sortById(nodes: ReadonlySet<RegexNode>): RegexNode[] {
  return [...nodes].sort((left, right) => left.id - right.id);
}

function* flatten(parts: readonly RegexNode[], kind: 'or' | 'and'): Generator<RegexNode> {
  for (const part of parts) {
    if (part.kind === kind) yield* part.parts;
    else yield part;
  }
}
