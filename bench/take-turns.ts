import { median } from './median.ts';

/**
 * Measures two things in turns, A B B A A B …, so that a machine that slows down for a while slows both, and
 * gives their medians. One round of each comes first and isn't counted.
 */
export async function takeTurns(
  rounds: number,
  measureOurs: () => Promise<number>,
  measureAnchor: () => Promise<number>,
): Promise<{ readonly ours: number; readonly anchor: number }> {
  await measureOurs();
  await measureAnchor();
  const ours: number[] = [];
  const anchor: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) ours.push(await measureOurs());
    anchor.push(await measureAnchor());
    if (round % 2 === 1) ours.push(await measureOurs());
  }
  return { ours: median(ours), anchor: median(anchor) };
}
