import type { Matcher } from './contract.ts';
import { GrammarError } from './grammar-error.ts';
import type { State } from './state.ts';
import { findForcedTokens } from './tokens/forced-tokens.ts';
import { planMask } from './tokens/plan-mask.ts';
import type { VocabularyIndex } from './tokens/vocabulary-index.ts';

export interface MatcherParts {
  readonly start: State;
  readonly index: VocabularyIndex;
  /** Called before each piece of work, to bound it. */
  beginWork(): void;
}

/** One sentence being written. States are immutable, so going back is dropping the last ones. */
export function createMatcher({ start, index, beginWork }: MatcherParts): Matcher {
  /** The state before each token and after the last; null after an end token. */
  const history: (State | null)[] = [start];
  const current = () => history[history.length - 1]!;
  const stateAfter = (token: number): State | null | undefined => {
    const state = current();
    if (state === null || !(token >= 0 && token < index.size)) return undefined;
    if (index.isEnd.has(token)) return state.canEnd ? null : undefined;
    const bytes = index.bytesOf(token);
    if (bytes.length === 0) return undefined;
    beginWork();
    let next: State | null = state;
    for (let at = 0; at < bytes.length; at++) {
      next = next.step(bytes[at]!);
      if (next === null) return undefined;
    }
    return next;
  };
  return {
    allows: (token) => stateAfter(token) !== undefined,
    fillMask(mask) {
      const state = current();
      if (mask.length < index.maskWords) {
        throw new GrammarError({
          message: `the mask has ${mask.length} words; ${index.maskWords} are needed`,
        });
      }
      if (state === null) {
        mask.fill(0);
        return;
      }
      beginWork();
      writeMask(index, state, mask);
    },
    accept(token) {
      const next = stateAfter(token);
      if (next === undefined) return false;
      history.push(next);
      return true;
    },
    forcedTokens() {
      const state = current();
      if (state === null) return [];
      beginWork();
      return findForcedTokens(index, state);
    },
    rollback(count) {
      if (!Number.isInteger(count) || count < 0 || count >= history.length) {
        throw new GrammarError({
          message: `cannot take back ${count} of ${history.length - 1} accepted tokens`,
        });
      }
      history.length -= count;
    },
    get canEnd() {
      return current() === null || current()!.canEnd;
    },
    get mustEnd() {
      const state = current();
      if (state === null) return true;
      if (!state.canEnd) return false;
      beginWork();
      const plan = planMask(index, state);
      return plan.base === null && plan.extras.length === 0;
    },
    reset() {
      history.length = 1;
    },
  };
}

function writeMask(index: VocabularyIndex, state: State, mask: Uint32Array): void {
  const { base, extras } = planMask(index, state);
  if (base === null) mask.fill(0);
  else {
    mask.set(base);
    if (mask.length > base.length) mask.fill(0, base.length);
  }
  for (let at = 0; at < extras.length; at++) {
    const token = extras[at]!;
    mask[token >> 5]! |= 1 << (token & 31);
  }
  if (!state.canEnd) return;
  for (const token of index.endTokens) mask[token >> 5]! |= 1 << (token & 31);
}
