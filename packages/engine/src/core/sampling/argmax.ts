import { BLOCK, isAnyAbove } from './is-any-above.ts';

/**
 * Token with the largest logit; the smallest id among equals. -1 if no logit is above minus infinity (or all
 * are NaN). 49k logits take about 20 us.
 */
export function argmax(logits: Float32Array): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  const size = logits.length;
  for (let from = 0; from < size; from += BLOCK) {
    if (from + BLOCK <= size && !isAnyAbove(logits, from, most)) continue;
    const end = Math.min(from + BLOCK, size);
    for (let token = from; token < end; token++) {
      if (logits[token]! > most) {
        most = logits[token]!;
        best = token;
      }
    }
  }
  return best;
}

/** The same among the tokens whose bit is set in `mask`. */
export function argmaxMasked(logits: Float32Array, mask: Uint32Array): number {
  let best = -1;
  let most = Number.NEGATIVE_INFINITY;
  const size = logits.length;
  for (let word = 0, base = 0; base < size; word++, base += 32) {
    let bits = mask[word]!;
    while (bits !== 0) {
      const token = base + 31 - Math.clz32(bits & -bits);
      bits &= bits - 1;
      if (token >= size) break;
      if (logits[token]! > most) {
        most = logits[token]!;
        best = token;
      }
    }
  }
  return best;
}
