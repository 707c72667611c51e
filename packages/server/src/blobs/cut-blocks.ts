/**
 * The same bytes in blocks of one size, the last one smaller. Content that breaks off ends there, or throws
 * if it must be whole.
 */
export async function* cutBlocks(
  content: AsyncIterable<Uint8Array>,
  size: number,
  mustBeWhole: boolean,
): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  const chunks = content[Symbol.asyncIterator]();
  for (;;) {
    const next = await chunks.next().catch((error) => {
      if (mustBeWhole) throw error;
      return null;
    });
    if (next === null || next.done) break;
    let chunk = next.value;
    while (length + chunk.length >= size) {
      const taken = size - length;
      yield Buffer.concat([...waiting, chunk.subarray(0, taken)]);
      chunk = chunk.subarray(taken);
      waiting = [];
      length = 0;
    }
    if (chunk.length > 0) waiting.push(chunk);
    length += chunk.length;
  }
  if (length > 0) yield Buffer.concat(waiting);
}
