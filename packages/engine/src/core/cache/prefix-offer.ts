import type { Sequence } from '../sequence.ts';
import type { HostEntry } from './host-store.ts';
import type { RadixMatch, RadixTree } from './radix-tree.ts';

/** Shorter prefixes are not worth a copy to or from host memory, nor waiting for. */
export const WORTHWHILE_TOKENS = 16;

/** A slot of the runner. It is free (no path), running (has an owner) or cached (a path and no owner). */
export interface Slot {
  readonly kind: 'slot';
  readonly id: number;
  owner: Sequence | null;
}

export type Holder = Slot | HostEntry;

/** A prefix that a sequence could start with. */
export interface PrefixOffer {
  readonly length: number;
  readonly holder: Holder;
}

export function isSlot(holder: Holder): holder is Slot {
  return holder.kind === 'slot';
}

export function isHostEntry(holder: Holder): holder is HostEntry {
  return holder.kind === 'host';
}

/**
 * The longest prefix of the first `limit` tokens. One in a slot is preferred to a slightly longer one in host
 * memory.
 */
export function findPrefix(
  tree: RadixTree<Holder>,
  space: string,
  tokens: Int32Array,
  limit: number,
): PrefixOffer | null {
  const resident = tree.find(space, tokens, limit, isSlot);
  const cold = tree.find(space, tokens, limit, isHostEntry);
  if (cold !== null && cold.length >= (resident?.length ?? 0) + WORTHWHILE_TOKENS) {
    return { length: cold.length, holder: [...cold.holders].find(isHostEntry)! };
  }
  return resident === null ? null : { length: resident.length, holder: chooseSlot(tree, resident) };
}

/** For models that cannot trim: only a prefix that is somebody's whole, idle state can be taken over. */
export function findWholePrefix(
  tree: RadixTree<Holder>,
  space: string,
  tokens: Int32Array,
  limit: number,
): PrefixOffer | null {
  const whole = tree.findWhole(space, tokens, limit);
  const holder = whole.findLast((candidate) => candidate.kind === 'host' || candidate.owner === null);
  return holder === undefined ? null : { length: tree.lengthOf(holder), holder };
}

/** Best of several slots with one prefix: an idle one that is exactly it, so that it can be taken over. */
function chooseSlot(tree: RadixTree<Holder>, match: RadixMatch<Holder>): Slot {
  const slots = [...match.holders].filter(isSlot);
  const whole = slots.find((slot) => slot.owner === null && tree.lengthOf(slot) === match.length);
  return whole ?? slots[0]!;
}
