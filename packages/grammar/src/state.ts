import type { StringContent } from './json/string-content.ts';

/**
 * White space that may stand at a state: the same state without it, and how much has been written already.
 */
export interface Gap {
  readonly base: State;
  readonly lines: number;
  readonly blanks: number;
}

export interface StateParts {
  readonly canEnd: boolean;
  /** The state after one more byte; null when the byte cannot come. Called at most once a byte. */
  derive(byte: number): State | null;
  /** Bytes that can come, where that is known beforehand (white space of a gap left out). */
  readonly firstBytes?: Uint8Array | undefined;
  /** 'self' for a gap at which nothing has been written yet. */
  readonly gap?: Gap | 'self' | undefined;
  readonly content?: StringContent | undefined;
}

/** How much a grammar remembers: it grows with the texts it meets. */
export interface StateTally {
  states: number;
}

let tally: StateTally = { states: 0 };

/** What is made from now on counts here. Work on a grammar is synchronous, so one at a time is enough. */
export function countStatesIn(counted: StateTally): void {
  tally = counted;
}

/** Something more is remembered: a state, or a schema that a text unfolded. */
export function countState(): void {
  tally.states++;
}

/**
 * A point in a sentence of a grammar, immutable but for what it remembers: bytes already derived and its mask
 * plan. Equal situations share one state, so what was worked out once is used again by every matcher of the
 * grammar.
 */
export class State {
  readonly canEnd: boolean;
  readonly firstBytes: Uint8Array | null;
  readonly gap: Gap | null;
  readonly content: StringContent | null;
  /** What `planMask` found; owned by tokens/plan-mask.ts. */
  plan: unknown = null;
  private readonly parts: StateParts;
  private readonly rows: ((State | null | undefined)[] | undefined)[] = [];

  constructor(parts: StateParts) {
    countState();
    this.parts = parts;
    this.canEnd = parts.canEnd;
    this.firstBytes = parts.firstBytes ?? null;
    this.gap = parts.gap === 'self' ? { base: this, lines: 0, blanks: 0 } : (parts.gap ?? null);
    this.content = parts.content ?? null;
  }

  step(byte: number): State | null {
    let row = this.rows[byte >> 4];
    if (row === undefined) {
      row = [];
      this.rows[byte >> 4] = row;
    }
    const known = row[byte & 15];
    if (known !== undefined) return known;
    const next = this.parts.derive(byte);
    row[byte & 15] = next;
    return next;
  }
}
