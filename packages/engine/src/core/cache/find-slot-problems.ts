import type { Sequence } from '../sequence.ts';

/** What the bookkeeping says of a slot. */
export interface SlotFacts {
  readonly id: number;
  readonly owner: Sequence | null;
  /** Cells it holds. */
  readonly cells: number;
  /** Tokens it is found with. */
  readonly path: number;
  readonly isCached: boolean;
}

/**
 * What is wrong with a slot: it must be free and empty, cached with a path for each cell, or run with its
 * owner.
 */
export function findSlotProblems(slot: SlotFacts, running: readonly Sequence[]): string[] {
  const { id, owner, cells, path, isCached } = slot;
  const problems: string[] = [];
  if (owner !== null) {
    if (!running.includes(owner)) problems.push(`slot ${id} belongs to a sequence that does not run`);
    if (owner.slot !== id) problems.push(`slot ${id} belongs to a sequence that says ${owner.slot}`);
    if (owner.computed !== cells)
      problems.push(`slot ${id} has ${cells} cells of ${owner.computed} computed`);
    if (path > cells) problems.push(`slot ${id} is found with ${path} tokens and has ${cells} cells`);
    if (isCached) problems.push(`slot ${id} is both running and cached`);
  } else if (isCached) {
    if (path !== cells || path === 0)
      problems.push(`cached slot ${id} has ${cells} cells for ${path} tokens`);
  } else if (cells > 0 || path > 0) {
    problems.push(`free slot ${id} has ${cells} cells and is found with ${path} tokens`);
  }
  return problems;
}
