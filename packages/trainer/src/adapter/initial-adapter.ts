import { createRandom } from '../data/plan-steps.ts';
import { type AdapterEntry, viewEntry } from './adapter-layout.ts';

/**
 * A fresh adapter as PEFT makes it: A uniform in ±1/√in (Kaiming with a = √5), B zero, so that the first step
 * starts from the base model exactly.
 */
export function createInitialAdapter(
  layout: { entries: readonly AdapterEntry[]; size: number },
  seed: number,
): Float32Array {
  const values = new Float32Array(layout.size);
  const random = createRandom(seed);
  for (const entry of layout.entries) {
    if (entry.side === 'b') continue;
    const bound = 1 / Math.sqrt(entry.columns);
    const matrix = viewEntry(values, entry);
    for (let i = 0; i < matrix.length; i++) matrix[i] = (2 * random() - 1) * bound;
  }
  return values;
}
