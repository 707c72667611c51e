import type { NumberEngine } from '../number/number-automaton.ts';
import type { RegexNode } from '../regex/regex-node.ts';
import { type ArrayClause, type ItemCount, itemFormula } from './array-clause.ts';
import type { Expander } from './expander.ts';
import type { Formula } from './formula.ts';
import { type ObjectClause, propertyFormula } from './object-clause.ts';
import type { ValueSet } from './value-set.ts';

/** Which formulas allow any value at all, looked at to the bottom; recursion without an end allows none. */
export interface Liveness {
  isEmpty(formula: Formula): boolean;
  /** The values of a formula without clauses that no value satisfies. */
  liveValuesOf(formula: Formula): ValueSet;
  /** Whether a property name is in a language. */
  nameMatches(names: RegexNode, name: string): boolean;
}

export function createLiveness(expander: Expander, numbers: NumberEngine): Liveness {
  const { engine, sets } = expander;
  const known = new Map<Formula, boolean>();
  const live = new Map<Formula, ValueSet>();
  const visiting = new Set<Formula>();
  /** Set when an answer leaned on a formula still being looked at; such an answer is not kept. */
  let leaned = false;

  const isEmpty = (formula: Formula): boolean => {
    if (formula.kind === 'true' || formula.kind === 'false') return formula.kind === 'false';
    const decided = known.get(formula);
    if (decided !== undefined) return decided;
    if (visiting.has(formula)) {
      leaned = true;
      return true;
    }
    visiting.add(formula);
    const outerLeaned = leaned;
    leaned = false;
    const empty = !hasValue(expander.valuesOf(formula));
    visiting.delete(formula);
    if (!empty || !leaned || visiting.size === 0) known.set(formula, empty);
    leaned = outerLeaned || (empty && leaned && visiting.size > 0);
    return empty;
  };

  const tools: LivenessTools = { expander, isEmpty, nameMatches: expander.nameMatches };
  const hasValue = (values: ValueSet): boolean =>
    values.nulls ||
    values.trues ||
    values.falses ||
    values.numbers.some((clause) => numbers.startOf(clause) !== null) ||
    !engine.isEmpty(values.strings) ||
    values.arrays.some((clause) => isLiveArray(tools, clause)) ||
    values.objects.some((clause) => isLiveObject(tools, clause));

  return {
    isEmpty,
    nameMatches: tools.nameMatches,
    liveValuesOf(formula) {
      let values = live.get(formula);
      if (values === undefined) {
        const all = expander.valuesOf(formula);
        values = {
          ...all,
          numbers: all.numbers.filter((clause) => numbers.startOf(clause) !== null),
          strings: engine.isEmpty(all.strings) ? sets.none.strings : all.strings,
          arrays: all.arrays.filter((clause) => isLiveArray(tools, clause)),
          objects: all.objects.filter((clause) => isLiveObject(tools, clause)),
        };
        live.set(formula, values);
      }
      return values;
    },
  };
}

interface LivenessTools extends Pick<Liveness, 'isEmpty' | 'nameMatches'> {
  readonly expander: Expander;
}

function isLiveObject({ expander, isEmpty, nameMatches }: LivenessTools, clause: ObjectClause): boolean {
  if (clause.required.length > clause.max || clause.min > clause.max) return false;
  if (clause.demands.some(({ names, value }) => expander.engine.isEmpty(names) || isEmpty(value)))
    return false;
  return clause.required.every(
    (name) => !isEmpty(propertyFormula(expander.formulas, clause, name, (names) => nameMatches(names, name))),
  );
}

function isLiveArray(tools: LivenessTools, clause: ArrayClause): boolean {
  if (clause.min > clause.max) return false;
  for (let index = 0; index < clause.min && index <= clause.prefix.length; index++) {
    if (tools.isEmpty(itemFormula(clause, index))) return false;
  }
  return clause.counts.every((count) => canReach(tools, clause, count));
}

/** Whether an array of the clause has places enough for the items that a count wants. */
function canReach({ expander, isEmpty }: LivenessTools, clause: ArrayClause, count: ItemCount): boolean {
  if (count.min === 0) return true;
  const { formulas } = expander;
  const last = Math.min(clause.prefix.length, clause.max);
  let places = 0;
  for (let index = count.from; index < last; index++) {
    if (!isEmpty(formulas.and([clause.prefix[index]!, count.value]))) places++;
  }
  if (places >= count.min) return true;
  const beyond = clause.max - Math.max(last, count.from);
  return places + beyond >= count.min && !isEmpty(formulas.and([clause.rest, count.value]));
}
