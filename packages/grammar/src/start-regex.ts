import { GrammarError } from './grammar-error.ts';
import type { GrammarLimits } from './limits.ts';
import { compileWhole } from './regex/compile-pattern.ts';
import { createRegexEngine, type DfaState } from './regex/lazy-dfa.ts';
import { PatternError } from './regex/pattern-error.ts';
import type { RegexNode } from './regex/regex-node.ts';
import { State } from './state.ts';
import { stepUtf8, UTF8_EMIT, UTF8_START } from './text/utf8-decoder.ts';
import type { WorkBudget } from './work-budget.ts';

/** The start state of a text that an ECMA-262 pattern matches from end to end. Throws a GrammarError. */
export function startRegex(pattern: string, limits: GrammarLimits, budget: WorkBudget): State {
  if (pattern.length > limits.sourceCharsMax) {
    throw new GrammarError({ message: `the pattern is longer than ${limits.sourceCharsMax} characters` });
  }
  const engine = createRegexEngine(budget);
  const { start } = engine.dfaOf(parseWhole());
  if (start === null) throw new GrammarError({ message: 'no text matches the pattern' });
  const states = new Map<DfaState, Map<number, State>>();
  const stateOf = (at: DfaState, partial: number): State => {
    const byPartial = states.get(at) ?? new Map<number, State>();
    states.set(at, byPartial);
    let state = byPartial.get(partial);
    if (state === undefined) {
      state = new State({
        canEnd: partial === UTF8_START && at.accepts,
        derive: (byte) => derive(at, partial, byte),
      });
      byPartial.set(partial, state);
    }
    return state;
  };
  const derive = (at: DfaState, partial: number, byte: number): State | null => {
    const result = stepUtf8(partial, byte);
    if (result < 0) return null;
    if (result < UTF8_EMIT) return at.mayTake(result) ? stateOf(at, result) : null;
    const next = at.step(result - UTF8_EMIT);
    return next === null ? null : stateOf(next, UTF8_START);
  };
  return stateOf(start, UTF8_START);

  function parseWhole(): RegexNode {
    try {
      return compileWhole(engine.pool, pattern, limits.nestingMax);
    } catch (error) {
      if (!(error instanceof PatternError)) throw error;
      const what = error.unsupported ? 'cannot be enforced' : 'is wrong';
      throw new GrammarError({
        message: `the pattern ${what}: ${error.message}`,
        line: 1,
        column: error.offset + 1,
      });
    }
  }
}
