import type { EnginePolicy } from '../engine-policy.ts';
import type { ModelRunner } from '../model-runner.ts';
import type { Sequence } from '../sequence.ts';
import { CellLedger } from './cell-ledger.ts';
import { findSlotProblems } from './find-slot-problems.ts';
import { type HostEntry, HostStore } from './host-store.ts';
import {
  findPrefix,
  findWholePrefix,
  type Holder,
  isHostEntry,
  isSlot,
  type PrefixOffer,
  type Slot,
  WORTHWHILE_TOKENS,
} from './prefix-offer.ts';
import { RadixTree } from './radix-tree.ts';

/**
 * KV cells and who has them: slots of running sequences, prefixes kept in idle slots, cold prefixes in host
 * memory. The only caller of the runner's slot functions. Paths of tokens are found through one radix tree;
 * cells are counted exactly by the ledger. A running sequence's prompt can be shared as soon as it is
 * computed.
 */
export class SequenceCache {
  readonly #runner: ModelRunner;
  readonly #policy: EnginePolicy;
  #ledger: CellLedger;
  readonly #slots: Slot[];
  readonly #tree = new RadixTree<Holder>();
  readonly #host: HostStore;
  /** Cached slots in order of last use, oldest first. */
  readonly #cached = new Set<Slot>();
  #cellsMax: number;
  #evictions = 0;
  #restores = 0;

  constructor(runner: ModelRunner, policy: EnginePolicy) {
    const { sequencesMax, cellsMax } = runner.limits;
    this.#runner = runner;
    this.#cellsMax = cellsMax;
    this.#policy = policy;
    this.#ledger = new CellLedger(sequencesMax);
    this.#slots = Array.from({ length: sequencesMax }, (_, id) => ({ kind: 'slot', id, owner: null }));
    this.#host = new HostStore(policy.hostBytesMax, (entry) => this.#tree.remove(entry));
  }

  get cellsUsed(): number {
    return this.#ledger.used;
  }

  /** Cells that can be used: the runner's limit, or less once it turned out to hold less. */
  get cellsMax(): number {
    return this.#cellsMax;
  }

  get cellsFree(): number {
    return this.#cellsMax - this.#ledger.used;
  }

  /** The runner had no room for `rows` more: from now on less is planned with. */
  learnFull(rows: number): void {
    this.#cellsMax = Math.min(this.#cellsMax, this.#ledger.used + rows - 1);
  }

  /** What was learned about the runner's room may have changed; call when nothing runs. */
  forgetFull(): void {
    this.#cellsMax = this.#runner.limits.cellsMax;
  }

  get hostBytes(): number {
    return this.#host.bytes;
  }

  /** Prefixes dropped from their slots so far, saved to host memory or not. */
  get evictions(): number {
    return this.#evictions;
  }

  /** Prefixes brought back from host memory so far. */
  get restores(): number {
    return this.#restores;
  }

  /**
   * The longest reusable prefix, resident ones first. Changes nothing. At least one token is always left to
   * compute, for its logits; all of them if the prompt's log probabilities are wanted.
   */
  findPrefix(sequence: Sequence): PrefixOffer | null {
    const { cacheSpace, tokens } = sequence;
    const limit = this.reusableTokens(sequence);
    if (limit <= 0) return null;
    const find = this.#runner.limits.canTrimSequences ? findPrefix : findWholePrefix;
    return find(this.#tree, cacheSpace, tokens.array, limit);
  }

  /** Cells that running sequences hold, were `offer` taken as well. */
  countPinned(running: Iterable<Sequence>, offer: PrefixOffer | null): number {
    const slots = Array.from(running, (sequence) => sequence.slot);
    if (offer === null) return this.#ledger.count(slots);
    if (offer.holder.kind === 'host') return this.#ledger.count(slots) + offer.holder.length;
    return this.#ledger.count(slots, { slot: offer.holder.id, length: offer.length });
  }

  /** Gives the sequence a slot, with the offered prefix in it. False if every slot is running. */
  open(sequence: Sequence, offer: PrefixOffer | null): boolean {
    const slot = offer === null ? this.#takeSlot(null) : this.#takeSlotWith(offer);
    if (slot === null) return false;
    slot.owner = sequence;
    sequence.slot = slot.id;
    sequence.computed = this.#ledger.length(slot.id);
    this.register(sequence);
    // Idle prefixes slow down others only, so they need not make way before somebody runs.
    while (this.#cached.size > 0 && this.#countCached() > this.#policy.cachedCellsMax) this.evictOldest();
    return true;
  }

  /** `target` shares all computed cells of `source`. False if every slot is running. */
  fork(source: Sequence, target: Sequence): boolean {
    const slot = this.#takeSlot(null);
    if (slot === null) return false;
    this.#share(source.slot, slot.id, source.computed);
    slot.owner = target;
    target.slot = slot.id;
    target.computed = source.computed;
    this.register(target);
    return true;
  }

  /** Frees cells by dropping cached prefixes, oldest first, until `cells` are free or none is left. */
  reserve(cells: number): number {
    while (this.cellsFree < cells && this.evictOldest()) {
      // each turn frees one slot
    }
    return this.cellsFree;
  }

  /** Records `rows` positions that the runner just computed for the sequence. */
  extend(sequence: Sequence, rows: number): void {
    this.#ledger.extend(sequence.slot, rows);
    sequence.computed += rows;
  }

  /** Lets others find what the sequence has computed of its prompt. */
  register(sequence: Sequence): void {
    const length = Math.min(sequence.computed, sequence.promptLength, this.#keepableTokens(sequence));
    const slot = this.#slots[sequence.slot]!;
    if (length > 0) this.#tree.insert(sequence.cacheSpace, sequence.tokens.array, length, slot);
    else this.#tree.remove(slot);
  }

  /** Takes the last computed positions back, down to `length`. */
  trim(sequence: Sequence, length: number): void {
    this.#trimSlot(sequence.slot, length);
    sequence.computed = this.#ledger.length(sequence.slot);
  }

  /**
   * Takes the slot away. `keep`: what it has computed stays as a cached prefix, as far as that is allowed.
   */
  close(sequence: Sequence, keep: boolean): void {
    if (sequence.slot < 0) return;
    const slot = this.#slots[sequence.slot]!;
    const length = keep ? Math.min(sequence.computed, this.#keepableTokens(sequence)) : 0;
    slot.owner = null;
    sequence.slot = -1;
    sequence.computed = 0;
    if (length > 0) this.#trimSlot(slot.id, length);
    if (length === 0 || this.#ledger.length(slot.id) !== length) this.#dropSlot(slot);
    else this.#keep(slot, sequence, length);
  }

  /** Forgets every prefix of these spaces; running sequences stay. */
  forget(isForgotten: (space: string) => boolean): void {
    for (const holder of [...this.#tree.holders()]) {
      if (!isForgotten(this.#tree.spaceOf(holder)!)) continue;
      if (holder.kind === 'host') this.#host.remove(holder);
      else if (holder.owner === null) this.#dropSlot(holder);
    }
  }

  /** Tokens of the sequence that may come from a cache at most. */
  reusableTokens(sequence: Sequence): number {
    if (!this.#policy.prefixCache || sequence.needsEveryLogit) return 0;
    const { cacheTokensMax } = sequence.job.request;
    return Math.min(sequence.tokens.length - 1, cacheTokensMax ?? Number.POSITIVE_INFINITY);
  }

  #keepableTokens(sequence: Sequence): number {
    if (!this.#policy.prefixCache) return 0;
    return sequence.job.request.cacheTokensMax ?? Number.POSITIVE_INFINITY;
  }

  /** A slot that holds the offered prefix and nothing else, without owner and path. */
  #takeSlotWith(offer: PrefixOffer): Slot | null {
    const { holder, length } = offer;
    if (holder.kind === 'host') return this.#restore(holder, length);
    // A prefix taken whole keeps serving others from its new owner's slot: no copy needed.
    const whole = holder.owner === null && this.#tree.lengthOf(holder) === length;
    const slot = whole ? null : this.#takeSlot(holder);
    if (slot !== null) {
      this.#share(holder.id, slot.id, length);
      if (holder.owner === null) this.#touch(holder);
      return slot;
    }
    if (holder.owner !== null) return null;
    if (!whole) this.#save(holder);
    this.#cached.delete(holder);
    this.#tree.remove(holder);
    this.#trimSlot(holder.id, length);
    return holder;
  }

  #restore(entry: HostEntry, length: number): Slot | null {
    this.#host.touch(entry);
    const slot = this.#takeSlot(null);
    if (slot === null) return null;
    // Making room saves other prefixes and may push the entry itself out.
    const fits = this.reserve(entry.length) >= entry.length && this.#host.has(entry);
    if (!fits || !this.#runner.restoreSequence(slot.id, entry.state)) return slot;
    this.#restores++;
    this.#ledger.extend(slot.id, entry.length);
    if (length < entry.length) this.#trimSlot(slot.id, length);
    else this.#host.remove(entry);
    return slot;
  }

  /** An empty slot; the oldest cached one but `spared` makes way if none is free. Null if there is none. */
  #takeSlot(spared: Slot | null): Slot | null {
    const free = this.#slots.find((slot) => slot.owner === null && !this.#cached.has(slot));
    if (free !== undefined) return free;
    for (const slot of this.#cached) {
      if (slot === spared) continue;
      this.#evict(slot);
      return slot;
    }
    return null;
  }

  #keep(slot: Slot, sequence: Sequence, length: number): void {
    const { cacheSpace } = sequence;
    const tokens = sequence.tokens.array;
    this.#tree.remove(slot);
    const { canTrimSequences } = this.#runner.limits;
    if (canTrimSequences) {
      const twin = this.#tree.find(cacheSpace, tokens, length);
      const resident = twin?.length === length ? [...twin.holders].find(isSlot) : undefined;
      if (resident !== undefined) {
        if (resident.owner === null) this.#touch(resident);
        this.#dropSlot(slot);
        return;
      }
      // Shorter prefixes of the same path serve nobody any more.
      for (const covered of this.#tree.findWhole(cacheSpace, tokens, length)) {
        if (covered.kind === 'slot' && covered.owner === null) this.#dropSlot(covered);
      }
    }
    this.#tree.insert(cacheSpace, tokens, length, slot);
    this.#cached.add(slot);
  }

  /**
   * Drops the longest unused cached prefix from its slot (to host memory if it fits). False if there is none.
   */
  evictOldest(): boolean {
    for (const slot of this.#cached) {
      this.#evict(slot);
      return true;
    }
    return false;
  }

  #evict(slot: Slot): void {
    this.#evictions++;
    this.#save(slot);
    this.#dropSlot(slot);
  }

  /** Copies a cached slot to host memory unless its path is there already. */
  #save(slot: Slot): void {
    const length = this.#tree.lengthOf(slot);
    if (this.#policy.hostBytesMax === 0 || length < WORTHWHILE_TOKENS) return;
    const space = this.#tree.spaceOf(slot)!;
    const path = this.#tree.pathOf(slot);
    const { canTrimSequences } = this.#runner.limits;
    const whole = this.#tree.findWhole(space, path, length).filter(isHostEntry);
    const known = canTrimSequences
      ? this.#tree.find(space, path, length, isHostEntry)
      : { length: whole.at(-1)?.length ?? 0, holders: whole.slice(-1) };
    if (known?.length === length) {
      this.#host.touch([...known.holders].find(isHostEntry)!);
      return;
    }
    const entry = this.#host.add(this.#runner.saveSequence(slot.id), length);
    if (entry === null) return;
    this.#tree.insert(space, path, length, entry);
    if (canTrimSequences) for (const covered of whole) this.#host.remove(covered);
  }

  /** Starts over with empty slots. Only while nothing runs. */
  reset(): void {
    this.forget(() => true);
    for (const slot of this.#slots) {
      slot.owner = null;
      this.#tree.remove(slot);
      this.#runner.dropSequence(slot.id);
    }
    this.#cached.clear();
    this.#ledger = new CellLedger(this.#slots.length);
  }

  /**
   * Everything that is wrong with the bookkeeping; empty if nothing is. `running`: who should have a slot.
   */
  findProblems(running: readonly Sequence[]): string[] {
    const problems: string[] = [];
    const { cellsMax } = this.#runner.limits;
    const counted = this.#ledger.count(this.#slots.map(({ id }) => id));
    if (counted !== this.#ledger.used) problems.push(`${this.#ledger.used} cells in use, ${counted} counted`);
    if (counted > cellsMax) problems.push(`${counted} cells in use of ${cellsMax}`);
    for (const slot of this.#slots) {
      const { id, owner } = slot;
      const facts = { id, owner, cells: this.#ledger.length(id), path: this.#tree.lengthOf(slot) };
      problems.push(...findSlotProblems({ ...facts, isCached: this.#cached.has(slot) }, running));
    }
    for (const holder of this.#tree.holders()) {
      if (holder.kind === 'host' && !this.#host.has(holder))
        problems.push('a dropped host entry is still found');
    }
    return problems;
  }

  #share(source: number, target: number, length: number): void {
    this.#runner.copySequence(source, target, length);
    this.#ledger.share(source, target, length);
  }

  #trimSlot(slot: number, length: number): void {
    if (this.#ledger.length(slot) <= length) return;
    if (this.#runner.trimSequence(slot, length)) this.#ledger.trim(slot, length);
    else {
      this.#runner.dropSequence(slot);
      this.#ledger.trim(slot, 0);
    }
  }

  #dropSlot(slot: Slot): void {
    this.#tree.remove(slot);
    this.#cached.delete(slot);
    if (this.#ledger.length(slot.id) === 0) return;
    this.#runner.dropSequence(slot.id);
    this.#ledger.trim(slot.id, 0);
  }

  #touch(slot: Slot): void {
    this.#cached.delete(slot);
    this.#cached.add(slot);
  }

  /** Cells that only cached prefixes hold. */
  #countCached(): number {
    const running = this.#slots.filter((slot) => slot.owner !== null).map((slot) => slot.id);
    return this.#ledger.used - this.#ledger.count(running);
  }
}
