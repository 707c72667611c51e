import type { ReconcileOutcome } from '../store/reconcile-results.ts';

/** Brings resources of one kind to what their rows want. Runs may be repeated, and may die at any line. */
export interface Reconciler {
  readonly kind: string;
  /** All names there are; the driver looks at each now and then. */
  listNames(): Promise<readonly string[]>;
  reconcile(name: string): Promise<ReconcileOutcome>;
}
