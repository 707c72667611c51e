import type { ModelRunner } from '../model-runner.ts';
import type { Sequence } from '../sequence.ts';
import { CellLedger } from './cell-ledger.ts';

/** Which sequence has which slot, and how many cells are left. The only caller of the runner's slot functions. */
export class SequenceCache {
  readonly #runner: ModelRunner;
  readonly #ledger: CellLedger;
  readonly #owners: (Sequence | null)[];

  constructor(runner: ModelRunner) {
    this.#runner = runner;
    this.#ledger = new CellLedger(runner.limits.sequencesMax);
    this.#owners = new Array<Sequence | null>(runner.limits.sequencesMax).fill(null);
  }

  get cellsUsed(): number {
    return this.#ledger.used;
  }

  get cellsFree(): number {
    return this.#runner.limits.cellsMax - this.#ledger.used;
  }

  /** Gives the sequence a slot. False if there is none. */
  open(sequence: Sequence): boolean {
    const slot = this.#owners.indexOf(null);
    if (slot < 0) return false;
    this.#owners[slot] = sequence;
    sequence.slot = slot;
    sequence.computed = 0;
    return true;
  }

  /** `target` shares all computed cells of `source`. False if there is no slot. */
  fork(source: Sequence, target: Sequence): boolean {
    if (!this.open(target)) return false;
    this.#runner.copySequence(source.slot, target.slot, source.computed);
    this.#ledger.share(source.slot, target.slot, source.computed);
    target.computed = source.computed;
    return true;
  }

  /** Records `rows` positions the runner just computed for the sequence. */
  extend(sequence: Sequence, rows: number): void {
    this.#ledger.extend(sequence.slot, rows);
    sequence.computed += rows;
  }

  /** Takes the last computed positions back, down to `length`. */
  trim(sequence: Sequence, length: number): void {
    this.#runner.trimSequence(sequence.slot, length);
    this.#ledger.trim(sequence.slot, length);
    sequence.computed = length;
  }

  /** Takes the slot away; the sequence has to compute its tokens again if it goes on. */
  close(sequence: Sequence): void {
    if (sequence.slot < 0) return;
    this.#runner.dropSequence(sequence.slot);
    this.#ledger.trim(sequence.slot, 0);
    this.#owners[sequence.slot] = null;
    sequence.slot = -1;
    sequence.computed = 0;
  }
}
