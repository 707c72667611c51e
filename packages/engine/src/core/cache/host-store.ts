/** A prefix in host memory: the runner's saved state of a slot. */
export interface HostEntry {
  readonly kind: 'host';
  readonly length: number;
  readonly state: Uint8Array;
}

/** Cold prefixes within a byte budget; the longest unused go first. */
export class HostStore {
  readonly #bytesMax: number;
  readonly #onDrop: (entry: HostEntry) => void;
  /** In order of last use, oldest first. */
  readonly #entries = new Set<HostEntry>();
  #bytes = 0;

  constructor(bytesMax: number, onDrop: (entry: HostEntry) => void) {
    this.#bytesMax = bytesMax;
    this.#onDrop = onDrop;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Keeps a state, dropping older ones for it. Null if it is larger than the whole budget. */
  add(state: Uint8Array, length: number): HostEntry | null {
    if (state.length > this.#bytesMax) return null;
    for (const oldest of this.#entries) {
      if (this.#bytes + state.length <= this.#bytesMax) break;
      this.remove(oldest);
    }
    const entry: HostEntry = { kind: 'host', length, state };
    this.#entries.add(entry);
    this.#bytes += state.length;
    return entry;
  }

  touch(entry: HostEntry): void {
    this.#entries.delete(entry);
    this.#entries.add(entry);
  }

  remove(entry: HostEntry): void {
    if (!this.#entries.delete(entry)) return;
    this.#bytes -= entry.state.length;
    this.#onDrop(entry);
  }

  has(entry: HostEntry): boolean {
    return this.#entries.has(entry);
  }
}
