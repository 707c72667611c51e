/** Cuts a stream of server-sent events into whole frames, looking inside only those that hold a marker. */

/** A frame longer than this is a broken upstream, not an answer. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
const NEWLINE = 0x0a;
const LETTER_D = 0x64;

export class FrameScanner {
  /** Frames with data that went through, the closing `[DONE]` included. */
  dataFrames = 0;
  readonly #marker: string;
  readonly #rewrite: (frame: Buffer) => Buffer;
  #carry: Buffer | null = null;
  #last: Buffer | null = null;

  /**
   * `rewrite` gets each whole frame (with its final blank line) that contains `marker`, and returns what to
   * send.
   */
  constructor(marker: string, rewrite: (frame: Buffer) => Buffer) {
    this.#marker = marker;
    this.#rewrite = rewrite;
  }

  /** The whole frames among the bytes received so far and not yet returned; null when there is none. */
  push(chunk: Buffer): Buffer | null {
    const bytes = this.#carry === null ? chunk : Buffer.concat([this.#carry, chunk]);
    const end = endOfFrames(bytes);
    this.#carry = end === bytes.length ? null : bytes.subarray(end);
    if (end === 0) {
      if (bytes.length > FRAME_BYTES_MAX) throw new Error(`an event has more than ${FRAME_BYTES_MAX} bytes`);
      return null;
    }
    const whole = bytes.subarray(0, end);
    const marked = whole.includes(this.#marker);
    const parts: Buffer[] = [];
    let start = 0;
    while (start < end) {
      const next = endOfFrame(whole, start);
      if (whole[start] === LETTER_D) {
        this.dataFrames++;
        this.#last = whole.subarray(start, next);
      }
      if (marked) parts.push(this.#rewriteMarked(whole.subarray(start, next)));
      start = next;
    }
    return marked ? Buffer.concat(parts) : whole;
  }

  /** How the stream ended, from its last data frame. */
  ending(): { readonly done: boolean; readonly lastData: string | null } {
    const lastData = this.#last === null ? null : dataOf(this.#last);
    return { done: lastData === '[DONE]', lastData };
  }

  #rewriteMarked(frame: Buffer): Buffer {
    return frame.includes(this.#marker) ? this.#rewrite(frame) : frame;
  }
}

/** The text after `data:` of a frame of one data line. */
export function dataOf(frame: Buffer): string {
  return frame.toString('utf8', frame[5] === 0x20 ? 6 : 5).trimEnd();
}

/** Index after the last blank line; both line endings, since servers on ASGI frameworks write CRLF. */
function endOfFrames(bytes: Buffer): number {
  const length = bytes.length;
  if (length >= 2 && bytes[length - 1] === NEWLINE && bytes[length - 2] === NEWLINE) return length;
  const plain = bytes.lastIndexOf('\n\n');
  const carriage = bytes.lastIndexOf('\r\n\r\n');
  return Math.max(plain < 0 ? 0 : plain + 2, carriage < 0 ? 0 : carriage + 4);
}

function endOfFrame(bytes: Buffer, start: number): number {
  const plain = bytes.indexOf('\n\n', start);
  const carriage = bytes.indexOf('\r\n\r\n', start);
  if (carriage >= 0 && (plain < 0 || carriage < plain)) return carriage + 4;
  return plain < 0 ? bytes.length : plain + 2;
}
