import { State } from '../state.ts';
import { type CharClasses, partitionChars } from '../text/char-classes.ts';
import { possibleUtf8Chars, stepUtf8, UTF8_EMIT, UTF8_START } from '../text/utf8-decoder.ts';
import type { WorkBudget } from '../work-budget.ts';
import type { Cfg } from './cfg.ts';
import { type CfgDots, NO_SYMBOL, numberDots } from './cfg-dots.ts';
import { CfgFrame, type CfgItem, createFrameTable, type DraftFrame, type FrameTable } from './cfg-frames.ts';

interface CfgMachine {
  readonly dots: CfgDots;
  readonly frames: FrameTable;
  readonly classes: CharClasses;
  /** Terminals that each class of characters belongs to. */
  readonly terminalsOfClass: readonly ReadonlySet<number>[];
  readonly sets: Map<string, ItemSet>;
  readonly budget: WorkBudget;
}

/**
 * All places a text may have reached, in the manner of Earley, and the states for characters begun after it.
 */
interface ItemSet {
  readonly accepts: boolean;
  /** Items before a terminal. */
  readonly scans: readonly (CfgItem & { readonly terminal: number })[];
  readonly byClass: Map<number, ItemSet | null>;
  readonly byPartial: Map<number, State>;
}

/** The start state of a context-free grammar. Handles ambiguity and left recursion. */
export function startCfg(grammar: Cfg, budget: WorkBudget): State {
  const dots = numberDots(grammar);
  const classes = partitionChars(grammar.sets);
  const terminalsOfClass = Array.from({ length: classes.count }, () => new Set<number>());
  grammar.sets.forEach((set, terminal) => {
    for (const id of classes.classesMeeting(set)) terminalsOfClass[id]!.add(terminal);
  });
  const machine: CfgMachine = {
    dots,
    frames: createFrameTable(),
    classes,
    terminalsOfClass,
    sets: new Map(),
    budget,
  };
  const kernel = dots.starts[grammar.root]!.map((dot) => ({ dot, frame: machine.frames.top }));
  return stateOf(machine, closeSet(machine, kernel)!, UTF8_START);
}

function stateOf(machine: CfgMachine, set: ItemSet, partial: number): State {
  let state = set.byPartial.get(partial);
  if (state === undefined) {
    state = new State({
      canEnd: partial === UTF8_START && set.accepts,
      derive: (byte) => deriveByte(machine, set, partial, byte),
    });
    set.byPartial.set(partial, state);
  }
  return state;
}

function deriveByte(machine: CfgMachine, set: ItemSet, partial: number, byte: number): State | null {
  const next = stepUtf8(partial, byte);
  if (next < 0) return null;
  if (next >= UTF8_EMIT) {
    const after = stepSet(machine, set, machine.classes.classOf(next - UTF8_EMIT));
    return after === null ? null : stateOf(machine, after, UTF8_START);
  }
  const possible = machine.classes.classesMeeting(possibleUtf8Chars(next));
  const goesOn = possible.some((id) => {
    const terminals = machine.terminalsOfClass[id]!;
    return set.scans.some((item) => terminals.has(item.terminal));
  });
  return goesOn ? stateOf(machine, set, next) : null;
}

function stepSet(machine: CfgMachine, set: ItemSet, classId: number): ItemSet | null {
  const known = set.byClass.get(classId);
  if (known !== undefined) return known;
  const terminals = machine.terminalsOfClass[classId]!;
  const kernel: CfgItem[] = [];
  machine.budget.spend(set.scans.length);
  for (const item of set.scans) {
    if (terminals.has(item.terminal)) {
      kernel.push({ dot: machine.dots.advances[item.dot]!, frame: item.frame });
    }
  }
  const next = kernel.length === 0 ? null : closeSet(machine, kernel);
  set.byClass.set(classId, next);
  return next;
}

/**
 * Completes what is complete and finds the set of the items left: one made before if these are the same,
 * because everything else in a set follows from them.
 */
function closeSet(machine: CfgMachine, kernel: readonly CfgItem[]): ItemSet | null {
  const { dots, frames, budget } = machine;
  const live = new Map<string, CfgItem>();
  const seen = new Set<string>();
  const pending = [...kernel];
  let accepts = false;
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const key = `${item.dot}:${item.frame.id}`;
    if (seen.has(key)) continue;
    seen.add(key);
    budget.spend(1);
    if (dots.completes[item.dot] === 1) {
      if (item.frame === frames.top) accepts = true;
      pending.push(...item.frame.returns);
    }
    const symbol = dots.symbols[item.dot]!;
    if (symbol === NO_SYMBOL) continue;
    live.set(key, item);
    if (symbol < 0 && dots.nullable[~symbol]) {
      pending.push({ dot: dots.advances[item.dot]!, frame: item.frame });
    }
  }
  if (live.size === 0 && !accepts) return null;
  const setKey = `${accepts ? '!' : ''}${[...live.keys()].sort().join(' ')}`;
  let set = machine.sets.get(setKey);
  if (set === undefined) {
    set = { accepts, scans: predict(machine, [...live.values()]), byClass: new Map(), byPartial: new Map() };
    machine.sets.set(setKey, set);
  }
  return set;
}

interface DraftItem {
  readonly dot: number;
  readonly frame: CfgFrame | DraftFrame;
}

/** Opens the rules that the items ask for, and lists all items before a terminal. */
function predict(machine: CfgMachine, live: readonly CfgItem[]): (CfgItem & { terminal: number })[] {
  const { dots, budget } = machine;
  const drafts = new Map<number, DraftFrame>();
  const scans: (DraftItem & { terminal: number })[] = [];
  const seen = new Set<string>();
  const pending: DraftItem[] = [...live];
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const key = itemKey(item);
    if (seen.has(key)) continue;
    seen.add(key);
    budget.spend(1);
    const symbol = dots.symbols[item.dot]!;
    if (symbol === NO_SYMBOL) continue;
    if (symbol >= 0) {
      scans.push({ ...item, terminal: symbol });
      continue;
    }
    let draft = drafts.get(~symbol);
    if (draft === undefined) {
      draft = { rule: ~symbol, items: new Map(), tails: new Set(), order: drafts.size };
      drafts.set(~symbol, draft);
      for (const dot of dots.starts[~symbol]!) pending.push({ dot, frame: draft });
    }
    const next = { dot: dots.advances[item.dot]!, frame: item.frame };
    addReturn(machine, draft, next);
    if (dots.nullable[~symbol] && !(item.frame instanceof CfgFrame)) pending.push(next);
  }
  const frames = machine.frames.resolve([...drafts.values()], budget);
  return scans.map(({ dot, frame, terminal }) => ({
    dot,
    frame: frame instanceof CfgFrame ? frame : frames.get(frame)!,
    terminal,
  }));
}

/** Notes where a call returns to; a call at the end of a rule returns to where that rule returns. */
function addReturn(machine: CfgMachine, draft: DraftFrame, next: DraftItem): void {
  const { dots, frames } = machine;
  const isTail = dots.symbols[next.dot] === NO_SYMBOL && next.frame !== frames.top;
  if (!isTail) {
    draft.items.set(itemKey(next), next);
    return;
  }
  if (next.frame instanceof CfgFrame) {
    for (const item of next.frame.returns) draft.items.set(itemKey(item), item);
  } else if (next.frame !== draft) draft.tails.add(next.frame);
}

function itemKey({ dot, frame }: DraftItem): string {
  return frame instanceof CfgFrame ? `${dot}:${frame.id}` : `${dot}@${frame.order}`;
}
