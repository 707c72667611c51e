import { GrammarError } from './grammar-error.ts';

/** Counts units of work, so that compiling and matching end with an error rather than a hang. */
export interface WorkBudget {
  spend(units: number): void;
  /** Units spent since the count began. */
  readonly spent: number;
  /** Starts the count afresh, for the next piece of work. */
  refill(unitsMax: number, activity: string): void;
}

/** A budget that throws a GrammarError naming `activity` once `unitsMax` are spent. */
export function createWorkBudget(unitsMax: number, activity: string): WorkBudget {
  let allowed = unitsMax;
  let left = unitsMax;
  let current = activity;
  return {
    spend(units) {
      left -= units;
      if (left < 0) {
        throw new GrammarError({
          message: `${current} needs more than ${allowed} steps; simplify the grammar or raise the limit`,
        });
      }
    },
    get spent() {
      return allowed - left;
    },
    refill(units, nextActivity) {
      allowed = units;
      left = units;
      current = nextActivity;
    },
  };
}
