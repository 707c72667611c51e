import { type Guess, hashRun, isSameRun } from './guess.ts';

/**
 * Guesses that the text goes on as it did after the latest earlier occurrence of its last `runSize` tokens.
 * `start`: where the output begins; what lies before is only looked at for occurrences.
 */
export function createRepetitionGuess(runSize: number, start: number): Guess {
  /** Hash of a run -> position right after its latest occurrence. */
  const ends = new Map<number, number>();
  /** Runs that end before this are in the map; they are added once a token follows them. */
  let indexed = runSize;
  let followed = start;
  /** Position in the text of the token that should come next, -1 for none. */
  let next = -1;

  function findRun(tokens: Int32Array, length: number): number {
    for (; indexed < length; indexed++) ends.set(hashRun(tokens, indexed, runSize), indexed);
    if (length <= runSize) return -1;
    const end = ends.get(hashRun(tokens, length, runSize)) ?? -1;
    return end >= 0 && isSameRun(tokens, end, tokens, length, runSize) ? end : -1;
  }

  return {
    follow(tokens, length, learn) {
      for (; followed < length; followed++) {
        if (next >= 0) {
          const isRight = tokens[next] === tokens[followed];
          learn(isRight);
          next = isRight ? next + 1 : -1;
        }
        if (next < 0) next = findRun(tokens, followed + 1);
      }
    },
    propose(tokens, length, count) {
      if (next < 0) return [];
      // A copy that reaches the end of the text goes on with what it copied.
      const period = length - next;
      return Array.from({ length: count }, (_, i) => tokens[next + (i % period)]!);
    },
  };
}
