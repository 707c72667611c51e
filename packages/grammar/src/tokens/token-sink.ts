/** A growing list of token ids. */
export interface TokenSink {
  add(token: number): void;
  addAll(tokens: Int32Array): void;
  addRange(tokens: Int32Array, first: number, end: number): void;
  take(): Int32Array;
}

export function createTokenSink(): TokenSink {
  let items = new Int32Array(256);
  let count = 0;
  const reserve = (more: number) => {
    if (count + more <= items.length) return;
    const grown = new Int32Array(Math.max(items.length * 2, count + more));
    grown.set(items.subarray(0, count));
    items = grown;
  };
  return {
    add(token) {
      reserve(1);
      items[count++] = token;
    },
    addAll(tokens) {
      reserve(tokens.length);
      items.set(tokens, count);
      count += tokens.length;
    },
    addRange(tokens, first, end) {
      reserve(end - first);
      for (let at = first; at < end; at++) items[count++] = tokens[at]!;
    },
    take() {
      const taken = items.slice(0, count);
      count = 0;
      return taken;
    },
  };
}
