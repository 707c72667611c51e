import { State, type StateParts } from '../state.ts';
import { BLANKS_MAX, LINES_MAX } from './white-space.ts';

/** A state at which JSON white space may stand. `derive` and `firstBytes` leave the white space out. */
export function createGapState(parts: Omit<StateParts, 'gap' | 'content'>): State {
  const written = new Map<number, State>();
  const after = (lines: number, blanks: number): State | null => {
    if (lines > LINES_MAX || blanks > BLANKS_MAX) return null;
    const key = lines * (BLANKS_MAX + 1) + blanks;
    let state = written.get(key);
    if (state === undefined) {
      state = new State({
        canEnd: parts.canEnd,
        gap: { base, lines, blanks },
        derive(byte) {
          const spaced = stepSpace(byte, lines, blanks);
          return spaced === undefined ? base.step(byte) : spaced;
        },
      });
      written.set(key, state);
    }
    return state;
  };
  const stepSpace = (byte: number, lines: number, blanks: number): State | null | undefined => {
    if (byte === 0x0a) return after(lines + 1, blanks);
    if (byte === 0x20 || byte === 0x09 || byte === 0x0d) return after(lines, blanks + 1);
    return undefined;
  };
  const base: State = new State({
    ...parts,
    gap: 'self',
    derive(byte) {
      const spaced = stepSpace(byte, 0, 0);
      return spaced === undefined ? parts.derive(byte) : spaced;
    },
  });
  return base;
}
