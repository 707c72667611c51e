/** Distance at which two names still look like a slip of the fingers. */
const DISTANCE_MAX = 2;

/** The known word nearest to a mistyped one, or null if none is near. */
export function suggestWord(word: string, known: readonly string[]): string | null {
  if (word.length > 64) return null;
  let nearest: string | null = null;
  let least = Math.min(DISTANCE_MAX, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    if (Math.abs(candidate.length - word.length) >= least) continue;
    const distance = countEdits(normalize(word), normalize(candidate));
    if (distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

/** camelCase and snake_case are one name: the two halves of the API write it differently. */
function normalize(word: string): string {
  return word.replaceAll(/[_-]/g, '').toLowerCase();
}

/** Levenshtein distance. */
function countEdits(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i++) {
    const next = [i];
    for (let j = 1; j <= right.length; j++) {
      const replaced = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}
