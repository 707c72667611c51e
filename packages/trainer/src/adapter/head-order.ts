/**
 * llama GGUF files store the rows of q and k per head as adjacent pairs (rotary mode 0), Hugging Face as two
 * halves. An adapter's B has the same rows, so it changes order on the way out and in; A stays. With grouped
 * queries k has kvHeads heads, not heads: the classical mistake here.
 */

/** Rows of adjacent pairs (GGUF) -> rows of halves (Hugging Face). `columns` is the row length. */
export function splitHeadPairs(
  values: Float32Array,
  heads: number,
  headSize: number,
  columns: number,
): Float32Array {
  return moveRows(values, heads, headSize, columns, (row) => {
    const half = headSize / 2;
    return (row % 2) * half + Math.floor(row / 2);
  });
}

/** Rows of halves (Hugging Face) -> rows of adjacent pairs (GGUF). */
export function joinHeadPairs(
  values: Float32Array,
  heads: number,
  headSize: number,
  columns: number,
): Float32Array {
  return moveRows(values, heads, headSize, columns, (row) => {
    const half = headSize / 2;
    return row < half ? row * 2 : (row - half) * 2 + 1;
  });
}

function moveRows(
  values: Float32Array,
  heads: number,
  headSize: number,
  columns: number,
  targetRow: (row: number) => number,
): Float32Array {
  const moved = new Float32Array(values.length);
  for (let head = 0; head < heads; head++) {
    for (let row = 0; row < headSize; row++) {
      const from = (head * headSize + row) * columns;
      const to = (head * headSize + targetRow(row)) * columns;
      moved.set(values.subarray(from, from + columns), to);
    }
  }
  return moved;
}
