/** A line of a file. */
export interface TextLine {
  /** From 1. */
  readonly number: number;
  /** Null: it is longer than the limit, or not UTF-8. */
  readonly text: string | null;
}

const NEWLINE = 10;

/** Lines of a file as it streams by, in the memory of one line. Empty ones are passed over, and counted. */
export async function* readLines(
  content: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<TextLine> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  let number = 0;
  const finish = (last: Uint8Array): TextLine | null => {
    number += 1;
    const line = decodeLine([...waiting, last], length + last.length > lineBytesMax, number);
    waiting = [];
    length = 0;
    return line;
  };
  for await (const chunk of content) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = finish(chunk.subarray(start, end));
      start = end + 1;
      if (line !== null) yield line;
    }
    // What goes beyond the limit is counted and not kept.
    if (length <= lineBytesMax && start < chunk.length) waiting.push(chunk.subarray(start));
    length += chunk.length - start;
  }
  const line = length > 0 ? finish(new Uint8Array(0)) : null;
  if (line !== null) yield line;
}

function decodeLine(parts: readonly Uint8Array[], isTooLong: boolean, number: number): TextLine | null {
  if (isTooLong) return { number, text: null };
  try {
    // Fatal: bytes that are no text must not become replacement characters. A mark at the beginning is
    // dropped.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)).trim();
    return text === '' ? null : { number, text };
  } catch {
    return { number, text: null };
  }
}
