import type { Constraint } from '../../packages/engine/src/core/constraint.ts';

/**
 * Makes the model write exactly this text, token by token, as one that is sure of its edit would. It forces
 * nothing ahead: each token costs a step unless somebody guesses it. A model of 135M parameters can't edit
 * code by itself.
 */
export function createReciteConstraint(tokens: readonly number[], endToken: number): Constraint {
  let at = 0;
  const next = () => tokens[at] ?? endToken;
  return {
    allows: (token) => token === next(),
    fillMask(mask) {
      mask.fill(0);
      mask[next() >> 5]! |= 1 << (next() & 31);
    },
    accept(token) {
      if (token !== next()) return false;
      at += 1;
      return true;
    },
    forcedTokens: () => [],
    rollback(count) {
      at -= count;
    },
    get canEnd() {
      return at >= tokens.length;
    },
    get mustEnd() {
      return at >= tokens.length;
    },
  };
}
