import type { Constraint } from '../constraint.ts';

/**
 * A small real grammar: words of lower-case letters between literal brackets, `[abc][de]…`, at most
 * `wordsMax`, each of one to three letters. After `[` letters are free, the opening bracket is forced, and
 * the text can end after `]`.
 */
export function createWordsConstraint(wordsMax: number, endTokens: readonly number[]): Constraint {
  const OPEN = 91;
  const CLOSE = 93;
  const accepted: number[] = [];
  /** Letters in the open word, -1 outside. */
  const letters: number[] = [-1];
  const words: number[] = [0];
  const isLetter = (token: number): boolean => token >= 97 && token <= 122;
  const allows = (token: number): boolean => {
    const open = letters.at(-1)!;
    if (endTokens.includes(token)) return open < 0 && words.at(-1)! > 0;
    if (open < 0) return token === OPEN && words.at(-1)! < wordsMax;
    if (token === CLOSE) return open > 0;
    return isLetter(token) && open < 3;
  };
  return {
    allows,
    fillMask(mask) {
      mask.fill(0);
      for (let token = 0; token < mask.length * 32; token++) {
        if (allows(token)) mask[token >> 5]! |= 1 << (token & 31);
      }
    },
    accept(token) {
      if (!allows(token)) return false;
      accepted.push(token);
      const open = letters.at(-1)!;
      letters.push(token === OPEN ? 0 : token === CLOSE || endTokens.includes(token) ? -1 : open + 1);
      words.push(words.at(-1)! + (token === CLOSE ? 1 : 0));
      return true;
    },
    forcedTokens() {
      const open = letters.at(-1)!;
      if (open === 3) return [CLOSE];
      return words.at(-1) === 0 && open < 0 ? [OPEN] : [];
    },
    rollback(count) {
      for (let i = 0; i < count; i++) {
        accepted.pop();
        letters.pop();
        words.pop();
      }
    },
    get canEnd() {
      return letters.at(-1)! < 0 && words.at(-1)! > 0;
    },
    get mustEnd() {
      return letters.at(-1)! < 0 && words.at(-1)! >= wordsMax;
    },
  };
}
