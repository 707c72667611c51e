/**
 * Exact count of KV cells when slots share prefixes. Physical cells form a forest: a segment covers positions
 * [start, end) that were computed (or shared) as one, and continues its parent. A slot points at its last
 * segment; sharing a prefix means pointing into the same chain. A segment's cells are free when nothing
 * refers to it.
 */
interface Segment {
  start: number;
  end: number;
  parent: Segment | null;
  /** Slots that end here plus segments that continue from here. */
  refs: number;
  /** Last count that visited it. */
  mark: number;
}

export class CellLedger {
  readonly #tails: (Segment | null)[];
  #used = 0;
  #mark = 0;

  constructor(slots: number) {
    this.#tails = new Array<Segment | null>(slots).fill(null);
  }

  /** Cells in use by any slot. */
  get used(): number {
    return this.#used;
  }

  length(slot: number): number {
    return this.#tails[slot]?.end ?? 0;
  }

  /** The slot computed `count` more positions. */
  extend(slot: number, count: number): void {
    if (count === 0) return;
    const tail = this.#tails[slot] ?? null;
    this.#used += count;
    if (tail !== null && tail.refs === 1) {
      tail.end += count;
      return;
    }
    const start = tail?.end ?? 0;
    // The slot's reference to the old tail becomes the new segment's.
    this.#tails[slot] = { start, end: start + count, parent: tail, refs: 1, mark: 0 };
  }

  /** The empty slot `target` shares positions [0, length) of `source`. */
  share(source: number, target: number, length: number): void {
    if (length === 0) return;
    let segment = this.#tails[source] ?? null;
    while (segment !== null && segment.start >= length) segment = segment.parent;
    if (segment === null || segment.end < length || this.#tails[target] !== null) {
      throw new Error(`Cannot share ${length} cells of slot ${source} with slot ${target}.`);
    }
    const shared = segment.end === length ? segment : splitSegment(segment, length);
    shared.refs++;
    this.#tails[target] = shared;
  }

  /** The slot gave up positions [from, end). */
  trim(slot: number, from: number): void {
    let segment = this.#tails[slot] ?? null;
    while (segment !== null && segment.start >= from) {
      const parent: Segment | null = segment.parent;
      segment.refs--;
      // A freed segment hands its reference to the parent over to the slot.
      if (segment.refs === 0) this.#used -= segment.end - segment.start;
      else if (parent !== null) parent.refs++;
      segment = parent;
    }
    if (segment !== null && segment.end > from) {
      if (segment.refs === 1) {
        this.#used -= segment.end - from;
        segment.end = from;
      } else {
        const kept = splitSegment(segment, from);
        segment.refs--;
        kept.refs++;
        segment = kept;
      }
    }
    this.#tails[slot] = segment;
  }

  /** Cells used by these slots together, and by the first `length` positions of `extra`'s slot. */
  count(slots: Iterable<number>, extra: { slot: number; length: number } | null = null): number {
    const mark = ++this.#mark;
    let cells = 0;
    for (const slot of slots) {
      let segment = this.#tails[slot] ?? null;
      while (segment !== null && segment.mark !== mark) {
        segment.mark = mark;
        cells += segment.end - segment.start;
        segment = segment.parent;
      }
    }
    if (extra === null) return cells;
    let segment = this.#tails[extra.slot] ?? null;
    while (segment !== null && segment.mark !== mark) {
      cells += Math.max(0, Math.min(segment.end, extra.length) - segment.start);
      segment = segment.parent;
    }
    return cells;
  }
}

/** Cuts [start, at) off as a new segment, which gets one reference: that of the rest. Returns it. */
function splitSegment(segment: Segment, at: number): Segment {
  const upper: Segment = { start: segment.start, end: at, parent: segment.parent, refs: 1, mark: 0 };
  segment.start = at;
  segment.parent = upper;
  return upper;
}
