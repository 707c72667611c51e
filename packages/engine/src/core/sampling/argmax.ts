/** Token with the largest logit; the smallest id among equals. -1 if no logit is above minus infinity (or all NaN). */
export function argmax(logits: Float32Array): number {
  let best = -1;
  let bestLogit = Number.NEGATIVE_INFINITY;
  const size = logits.length;
  for (let token = 0; token < size; token++) {
    const logit = logits[token]!;
    if (logit > bestLogit) {
      bestLogit = logit;
      best = token;
    }
  }
  return best;
}

/** The same among the tokens whose bit is set in `mask`. */
export function argmaxMasked(logits: Float32Array, mask: Uint32Array): number {
  let best = -1;
  let bestLogit = Number.NEGATIVE_INFINITY;
  const size = logits.length;
  for (let word = 0, base = 0; base < size; word++, base += 32) {
    let bits = mask[word]!;
    while (bits !== 0) {
      const token = base + 31 - Math.clz32(bits & -bits);
      bits &= bits - 1;
      if (token >= size) break;
      const logit = logits[token]!;
      if (logit > bestLogit) {
        bestLogit = logit;
        best = token;
      }
    }
  }
  return best;
}
