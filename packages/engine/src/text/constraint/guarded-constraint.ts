import type { Constraint, ConstraintFactory } from '../../core/constraint.ts';

/** Constraints of one request, and what went wrong in one of them. */
export interface GuardedConstraints {
  readonly create: ConstraintFactory;
  /** The error that ended a choice early; null while all is well. */
  fault(): Error | null;
}

/**
 * A grammar may turn out to need more work than its limits allow, in the middle of an answer. That is the
 * fault of one request and must not reach the loop that serves all of them: the answer ends there, and the
 * layer above asks for the fault.
 */
export function guardConstraints(create: ConstraintFactory): GuardedConstraints {
  let fault: Error | null = null;
  const attempt = <T>(work: () => T, ended: T): T => {
    if (fault !== null) return ended;
    try {
      return work();
    } catch (error) {
      fault = error instanceof Error ? error : new Error(String(error));
      return ended;
    }
  };
  return {
    fault: () => fault,
    create(): Constraint {
      const inner = create();
      return {
        allows: (token) => attempt(() => inner.allows(token), false),
        fillMask: (mask) => {
          const done = attempt(() => {
            inner.fillMask(mask);
            return true;
          }, false);
          if (!done) mask.fill(0);
        },
        accept: (token) => attempt(() => inner.accept(token), true),
        forcedTokens: () => attempt(() => inner.forcedTokens(), []),
        rollback: (count) => attempt(() => inner.rollback(count), undefined),
        get canEnd() {
          return attempt(() => inner.canEnd, true);
        },
        get mustEnd() {
          return attempt(() => inner.mustEnd, true);
        },
      };
    },
  };
}
