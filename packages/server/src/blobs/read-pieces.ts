import { type FileHandle, open } from 'node:fs/promises';

/** Read at once: other threads have the next piece at hand when one ends, whether this one is busy or not. */
const aheadMax = 3;

/**
 * The bytes of a file from one to another (the last one included), in pieces of a size, the last one smaller;
 * nothing comes of what lies behind the file's end. Each piece is new memory, which is the caller's.
 */
export async function* readPieces(
  path: string,
  { fromByte, toByte }: { readonly fromByte: number; readonly toByte: number },
  pieceBytes: number,
): AsyncGenerator<Buffer> {
  const file = await open(path, 'r');
  const reading: Promise<Buffer>[] = [];
  try {
    const end = Math.min(toByte + 1, (await file.stat()).size);
    let at = fromByte;
    const readAhead = () => {
      for (; reading.length < aheadMax && at < end; at += pieceBytes) {
        const piece = readPiece(file, at, Math.min(pieceBytes, end - at));
        // A failure is told when its turn comes, and is not unhandled until then.
        piece.catch(() => undefined);
        reading.push(piece);
      }
    };
    for (readAhead(); reading[0] !== undefined; readAhead()) {
      const piece = await reading[0];
      reading.shift();
      readAhead();
      yield piece;
    }
  } finally {
    await Promise.allSettled(reading);
    await file.close();
  }
}

/** All of it, unless the file ends before. */
async function readPiece(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const piece = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await file.read(piece, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return piece.subarray(0, filled);
}
