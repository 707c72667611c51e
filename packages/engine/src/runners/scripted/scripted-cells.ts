import { mixHash } from './scripts.ts';

/** Cell of a KV cache that exists only as bookkeeping: what was computed there, and how many slots use it. */
interface Cell {
  readonly token: number;
  /** Hash of the history up to and with this token, as its adapter saw it. */
  readonly hash: number;
  refs: number;
}

/**
 * KV cells, exactly as a unified cache has them: slots share cells, and a position can be read only if it was
 * written. Anything else throws, so a scheduler that loses count fails loudly.
 */
export class ScriptedCells {
  readonly #slots: Cell[][];
  readonly #cellsMax: number;
  #used = 0;

  constructor(slots: number, cellsMax: number) {
    this.#slots = Array.from({ length: slots }, () => []);
    this.#cellsMax = cellsMax;
  }

  get used(): number {
    return this.#used;
  }

  get free(): number {
    return this.#cellsMax - this.#used;
  }

  length(slot: number): number {
    return this.#cells(slot).length;
  }

  token(slot: number, position: number): number {
    const cell = this.#cells(slot)[position];
    if (cell === undefined)
      throw new Error(`Slot ${slot} reads position ${position}, which was never written.`);
    return cell.token;
  }

  hash(slot: number): number {
    return this.#cells(slot).at(-1)?.hash ?? 1;
  }

  write(slot: number, position: number, token: number, adapterSalt: number): void {
    const cells = this.#cells(slot);
    if (position !== cells.length) {
      throw new Error(`Slot ${slot} has ${cells.length} positions; position ${position} cannot come next.`);
    }
    if (this.#used >= this.#cellsMax) throw new Error(`No free cell for slot ${slot} position ${position}.`);
    cells.push({ token, hash: mixHash(mixHash(this.hash(slot), token), adapterSalt), refs: 1 });
    this.#used++;
  }

  share(source: number, target: number, length: number): void {
    const from = this.#cells(source);
    const to = this.#cells(target);
    if (to.length > 0)
      throw new Error(`Slot ${target} is not empty; it cannot take a copy of slot ${source}.`);
    if (length > from.length) throw new Error(`Slot ${source} has ${from.length} positions, not ${length}.`);
    for (const cell of from.slice(0, length)) {
      cell.refs++;
      to.push(cell);
    }
  }

  trim(slot: number, from: number): void {
    const cells = this.#cells(slot);
    if (from > cells.length)
      throw new Error(`Slot ${slot} has ${cells.length} positions; cannot trim at ${from}.`);
    for (const cell of cells.splice(from)) if (--cell.refs === 0) this.#used--;
  }

  /** The slot's cells as bytes: token and hash of each. */
  save(slot: number): Uint8Array {
    const cells = this.#cells(slot);
    const words = new Int32Array(cells.length * 2);
    cells.forEach((cell, i) => {
      words[2 * i] = cell.token;
      words[2 * i + 1] = cell.hash;
    });
    return new Uint8Array(words.buffer);
  }

  restore(slot: number, state: Uint8Array): boolean {
    const cells = this.#cells(slot);
    if (cells.length > 0) throw new Error(`Slot ${slot} is not empty; nothing can be restored into it.`);
    const words = new Int32Array(state.slice().buffer);
    if (words.length / 2 > this.free) return false;
    for (let i = 0; i < words.length; i += 2) cells.push({ token: words[i]!, hash: words[i + 1]!, refs: 1 });
    this.#used += words.length / 2;
    return true;
  }

  #cells(slot: number): Cell[] {
    const cells = this.#slots[slot];
    if (cells === undefined) throw new Error(`Slot ${slot} does not exist; there are ${this.#slots.length}.`);
    return cells;
  }
}
