/**
 * Architectures whose GGUF files hold the rows of q and k as adjacent pairs (llama.cpp's plain rotary mode),
 * while Hugging Face holds each head as two halves. All others keep Hugging Face's order.
 */
const PAIRED_ARCHITECTURES: ReadonlySet<string> = new Set([
  'llama',
  'granite',
  'smollm3',
  'arcee',
  'llama-embed',
]);

/** Whether q and k change their row order between Hugging Face and GGUF. */
export function pairsHeadRows(architecture: string): boolean {
  return PAIRED_ARCHITECTURES.has(architecture);
}

/**
 * Brings the rows of a q or k matrix from halves (Hugging Face) into pairs (GGUF): in each head, rows i and i
 * + n/2 come to lie side by side. `heads` is the number of the matrix's own heads: for k with grouped queries
 * that is the number of key-value heads, the classical mistake here. `rowBytes` is the length of a row; a
 * bias has one element.
 */
export function pairHeadRows(data: Uint8Array, heads: number, rowBytes: number): Uint8Array {
  return moveHeadRows(data, heads, rowBytes, (halves, pairs) => [halves, pairs]);
}

/** The way back: from pairs (GGUF) into halves (Hugging Face). */
export function splitHeadRows(data: Uint8Array, heads: number, rowBytes: number): Uint8Array {
  return moveHeadRows(data, heads, rowBytes, (halves, pairs) => [pairs, halves]);
}

/**
 * `order` says which of the two places of a row (in halves, in pairs) it comes from, and which it goes to.
 */
function moveHeadRows(
  data: Uint8Array,
  heads: number,
  rowBytes: number,
  order: (halves: number, pairs: number) => readonly [number, number],
): Uint8Array {
  const rows = data.length / rowBytes;
  const half = rows / heads / 2;
  if (!Number.isInteger(half))
    throw new RangeError(`${rows} rows do not split into ${heads} heads of even size`);
  const moved = new Uint8Array(data.length);
  for (let head = 0; head < heads; head++) {
    for (let side = 0; side < 2; side++) {
      for (let index = 0; index < half; index++) {
        const [from, to] = order((2 * head + side) * half + index, 2 * (head * half + index) + side);
        moved.set(data.subarray(from * rowBytes, (from + 1) * rowBytes), to * rowBytes);
      }
    }
  }
  return moved;
}
