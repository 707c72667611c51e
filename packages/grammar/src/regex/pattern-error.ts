/** Why a pattern cannot be used: wrong syntax, or a construct no finite automaton has. */
export class PatternError extends Error {
  readonly offset: number;
  /** True when the pattern is valid ECMAScript but outside of what can be enforced. */
  readonly unsupported: boolean;

  constructor(message: string, offset: number, unsupported: boolean) {
    super(message);
    this.name = 'PatternError';
    this.offset = offset;
    this.unsupported = unsupported;
  }
}

/** A place in a pattern; `chars` are code points. */
export interface PatternCursor {
  readonly chars: readonly string[];
  readonly nestingMax: number;
  at: number;
  depth: number;
}

export function failPattern(cursor: PatternCursor, message: string, unsupported = false): never {
  throw new PatternError(message, cursor.at, unsupported);
}

/** The next characters as text, for matching against a short expression. */
export function peekText(cursor: PatternCursor, length: number): string {
  return cursor.chars.slice(cursor.at, cursor.at + length).join('');
}
