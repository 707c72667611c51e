import type { SchemaPlace, SchemaResource } from './schema-index.ts';

/** A boolean combination of schemas that one value must satisfy. Equal formulas are the same object. */
export type Formula =
  | (FormulaBase & { readonly kind: 'true' | 'false' })
  | (FormulaBase & {
      readonly kind: 'schema';
      readonly place: SchemaPlace;
      /** Resources passed on the way here, outermost first; kept only where `$dynamicRef` is in use. */
      readonly scope: readonly SchemaResource[];
    })
  | (FormulaBase & { readonly kind: 'const'; readonly value: unknown })
  /** Any value but these scalars. */
  | (FormulaBase & { readonly kind: 'unlike'; readonly values: readonly unknown[] })
  | (FormulaBase & { readonly kind: 'not'; readonly part: Formula })
  | (FormulaBase & { readonly kind: 'and' | 'or'; readonly parts: readonly Formula[] });

interface FormulaBase {
  readonly id: number;
}

/** Makes formulas. */
export interface FormulaPool {
  readonly yes: Formula;
  readonly no: Formula;
  schema(place: SchemaPlace, scope: readonly SchemaResource[]): Formula;
  constant(value: unknown): Formula;
  unlike(values: readonly unknown[]): Formula;
  not(part: Formula): Formula;
  and(parts: readonly Formula[]): Formula;
  or(parts: readonly Formula[]): Formula;
  /**
   * The same as `or`, but alternatives that change nothing by themselves are kept where it matters which of
   * them a value satisfies: each has looked at other properties.
   */
  branches(parts: readonly Formula[]): Formula;
}

export function createFormulaPool(keepBranches: boolean, onNew: () => void): FormulaPool {
  const known = new Map<string, Formula>();
  const schemas = new Map<object, Map<string, Formula>>();
  let nextId = 0;
  const intern = (key: string, parts: Record<string, unknown>): Formula => {
    let formula = known.get(key);
    if (formula === undefined) {
      formula = make(parts);
      known.set(key, formula);
    }
    return formula;
  };
  const make = (parts: Record<string, unknown>): Formula => {
    onNew();
    return { ...parts, id: nextId++ } as unknown as Formula;
  };
  const yes = intern('true', { kind: 'true' });
  const no = intern('false', { kind: 'false' });
  const not = (part: Formula): Formula => {
    if (part === yes) return no;
    if (part === no) return yes;
    return part.kind === 'not' ? part.part : intern(`!${part.id}`, { kind: 'not', part });
  };
  const combine = (kind: 'and' | 'or', parts: readonly Formula[]): Formula => {
    const [neutral, absorbing] = kind === 'and' ? [yes, no] : [no, yes];
    const kept = new Set<Formula>();
    for (const part of parts) {
      for (const leaf of part.kind === kind ? part.parts : [part]) {
        if (leaf === absorbing || kept.has(not(leaf))) return absorbing;
        if (leaf !== neutral) kept.add(leaf);
      }
    }
    const sorted = [...kept].sort((left, right) => left.id - right.id);
    if (sorted.length <= 1) return sorted[0] ?? neutral;
    return intern(`${kind}${sorted.map((part) => part.id).join(',')}`, { kind, parts: sorted });
  };
  return {
    yes,
    no,
    schema(place, scope) {
      if (typeof place.schema === 'boolean') return place.schema ? yes : no;
      let byScope = schemas.get(place.schema);
      if (byScope === undefined) {
        byScope = new Map();
        schemas.set(place.schema, byScope);
      }
      const key = `${place.resource.uri} ${scope.map((resource) => resource.uri).join(' ')}`;
      let formula = byScope.get(key);
      if (formula === undefined) {
        formula = make({ kind: 'schema', place, scope });
        byScope.set(key, formula);
      }
      return formula;
    },
    constant: (value) => intern(`=${canonicalJson(value)}`, { kind: 'const', value }),
    unlike: (values) => intern(`#${canonicalJson(values)}`, { kind: 'unlike', values }),
    not,
    and: (parts) => combine('and', parts),
    or: (parts) => combine('or', parts),
    branches(parts) {
      if (!keepBranches) return combine('or', parts);
      const sorted = [...new Set(parts)].sort((left, right) => left.id - right.id);
      if (sorted.length === 1) return sorted[0]!;
      return intern(`or${sorted.map((part) => part.id).join(',')}`, { kind: 'or', parts: sorted });
    },
  };
}

/** JSON with sorted members: equal for values that JSON Schema calls equal. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value === 0 ? 0 : value) ?? 'null';
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}
