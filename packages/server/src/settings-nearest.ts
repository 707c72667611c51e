/** The candidate that was probably meant: at most three letters away. */
export function findNearest(text: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates.map((name) => ({
    name,
    distance: editDistance(text.toLowerCase(), name.toLowerCase()),
  }));
  ranked.sort((left, right) => left.distance - right.distance);
  const best = ranked[0];
  return best && best.distance <= 3 ? best.name : undefined;
}

function editDistance(left: string, right: string): number {
  let row = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let i = 1; i <= left.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= right.length; j += 1) {
      const substitution = row[j - 1]! + (left[i - 1] === right[j - 1] ? 0 : 1);
      next.push(Math.min(substitution, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[right.length]!;
}
