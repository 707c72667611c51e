import type { WorkBudget } from '../work-budget.ts';

/**
 * A place to go on at once a rule is complete: a dot in the rule that asked for it, and that rule's own
 * frame.
 */
export interface CfgItem {
  readonly dot: number;
  readonly frame: CfgFrame;
}

/**
 * One call of a rule, known by where it returns to rather than by where it began, so that the same situation
 * at another place in the text is the same object (left recursion makes a frame return to itself).
 */
export class CfgFrame {
  readonly id: number;
  returns: readonly CfgItem[] = [];

  constructor(id: number) {
    this.id = id;
  }
}

/** A call found while closing a set, before it is known whether an equal frame exists. */
export interface DraftFrame {
  readonly rule: number;
  /** Returns into frames that exist, and into other drafts, by the same key as in `items`. */
  readonly items: Map<string, { readonly dot: number; readonly frame: CfgFrame | DraftFrame }>;
  /**
   * Drafts whose returns are returns of this one too: calls at the very end of a rule leave no frame behind.
   */
  readonly tails: Set<DraftFrame>;
  readonly order: number;
}

export interface FrameTable {
  readonly top: CfgFrame;
  /** Frames equal to the drafts, made where none exist. */
  resolve(drafts: readonly DraftFrame[], budget: WorkBudget): Map<DraftFrame, CfgFrame>;
}

export function createFrameTable(): FrameTable {
  let nextId = 1;
  const known = new Map<string, readonly CfgFrame[]>();
  const makeFrames = (count: number) => Array.from({ length: count }, () => new CfgFrame(nextId++));
  return {
    top: new CfgFrame(0),
    resolve(drafts, budget) {
      for (const draft of drafts) inlineTails(draft, budget);
      const found = new Map<DraftFrame, CfgFrame>();
      for (const group of findCycles(drafts)) {
        const place = new Map(group.map((draft, index) => [draft, index]));
        const key = group.map((draft) => draftKey(draft, place, found)).join(';');
        let frames = known.get(key);
        if (frames === undefined) {
          frames = makeFrames(group.length);
          known.set(key, frames);
          group.forEach((draft, index) => {
            budget.spend(draft.items.size);
            frames![index]!.returns = [...draft.items.values()].map(({ dot, frame }) => ({
              dot,
              frame: frame instanceof CfgFrame ? frame : (found.get(frame) ?? frames![place.get(frame)!]!),
            }));
          });
        }
        group.forEach((draft, index) => {
          found.set(draft, frames![index]!);
        });
      }
      return found;
    },
  };
}

/** Copies the returns of all drafts reached over `tails`. */
function inlineTails(draft: DraftFrame, budget: WorkBudget): void {
  const seen = new Set<DraftFrame>([draft]);
  const pending = [...draft.tails];
  for (let tail = pending.pop(); tail !== undefined; tail = pending.pop()) {
    if (seen.has(tail)) continue;
    seen.add(tail);
    budget.spend(tail.items.size + 1);
    for (const [key, item] of tail.items) draft.items.set(key, item);
    pending.push(...tail.tails);
  }
}

function draftKey(
  draft: DraftFrame,
  place: ReadonlyMap<DraftFrame, number>,
  found: ReadonlyMap<DraftFrame, CfgFrame>,
): string {
  const returns = [...draft.items.values()].map(({ dot, frame }) => {
    if (frame instanceof CfgFrame) return `${dot}:${frame.id}`;
    const resolved = found.get(frame);
    return resolved === undefined ? `${dot}@${place.get(frame)}` : `${dot}:${resolved.id}`;
  });
  return `${draft.rule}=${returns.sort().join(' ')}`;
}

/**
 * Groups of drafts that return into each other, each group after those it returns into (Tarjan, iterative).
 */
function findCycles(drafts: readonly DraftFrame[]): DraftFrame[][] {
  const groups: DraftFrame[][] = [];
  const indexes = new Map<DraftFrame, number>();
  const lows = new Map<DraftFrame, number>();
  const open: DraftFrame[] = [];
  const isOpen = new Set<DraftFrame>();
  const enter = (draft: DraftFrame) => {
    indexes.set(draft, indexes.size);
    lows.set(draft, indexes.size - 1);
    open.push(draft);
    isOpen.add(draft);
    return { draft, targets: targetsOf(draft), at: 0 };
  };
  for (const root of drafts) {
    if (indexes.has(root)) continue;
    const path = [enter(root)];
    while (path.length > 0) {
      const step = path[path.length - 1]!;
      const target = step.targets[step.at++];
      if (target !== undefined) {
        if (!indexes.has(target)) path.push(enter(target));
        else if (isOpen.has(target)) {
          lows.set(step.draft, Math.min(lows.get(step.draft)!, indexes.get(target)!));
        }
        continue;
      }
      path.pop();
      const low = lows.get(step.draft)!;
      const parent = path[path.length - 1];
      if (parent !== undefined) lows.set(parent.draft, Math.min(lows.get(parent.draft)!, low));
      if (low === indexes.get(step.draft)) groups.push(closeGroup(open, isOpen, step.draft));
    }
  }
  return groups;
}

function closeGroup(open: DraftFrame[], isOpen: Set<DraftFrame>, root: DraftFrame): DraftFrame[] {
  const group: DraftFrame[] = [];
  for (;;) {
    const draft = open.pop()!;
    isOpen.delete(draft);
    group.push(draft);
    if (draft === root) break;
  }
  return group.sort((left, right) => left.rule - right.rule);
}

function targetsOf(draft: DraftFrame): DraftFrame[] {
  const targets: DraftFrame[] = [];
  for (const { frame } of draft.items.values()) if (!(frame instanceof CfgFrame)) targets.push(frame);
  return targets;
}
