/**
 * A change of the leader takes seconds; after longer than this, nobody knows what was asked for meanwhile.
 */
const holeMs = 60_000;

/** The latest of some samples, oldest first, back to the first hole between them or before now. Pure. */
export function takeUnbroken<Sample extends { readonly timeMs: number }>(
  samples: readonly Sample[],
  nowMs: number,
): Sample[] {
  let start = samples.length;
  let nextMs = nowMs;
  while (start > 0 && nextMs - samples[start - 1]!.timeMs <= holeMs) {
    start--;
    nextMs = samples[start]!.timeMs;
  }
  return samples.slice(start);
}
