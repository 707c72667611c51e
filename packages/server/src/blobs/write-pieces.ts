import type { FileHandle } from 'node:fs/promises';
import { giveBack } from './recycled-buffers.ts';

/** Gathered at most while writes are under way, but for the last piece; then the source waits. */
const gatheredBytesMax = 524_288;

/**
 * Writes pieces to a file from a position on: at once, or where a write is under way, together with those
 * that come meanwhile, since each write is handed to another thread, which has its price. Memory of pieces
 * that were written is given back. Returns the position after the last. When the pieces break off with an
 * error, those that came are written before it is thrown.
 *
 * `writesAtOnce` 2: the other threads have the next write at hand when one ends, whether this one is busy or
 * not. A process that is killed may then leave a file with a hole, so it is for files that are thrown away
 * unless they are complete.
 */
export async function writePieces(
  file: FileHandle,
  pieces: AsyncIterable<Uint8Array>,
  position: number,
  writesAtOnce: 1 | 2 = 1,
): Promise<number> {
  let at = position;
  let gathered: Uint8Array[] = [];
  let length = 0;
  let failure: { readonly error: unknown } | null = null;
  const writing = new Set<Promise<void>>();
  const writeGathered = () => {
    if (gathered.length === 0 || failure !== null) return;
    const [batch, from] = [gathered, at];
    at += length;
    [gathered, length] = [[], 0];
    const one: Promise<void> = writeAll(file, batch, from)
      .catch((error: unknown) => {
        failure ??= { error };
      })
      .then(() => {
        writing.delete(one);
        if (writing.size === 0) writeGathered();
      });
    writing.add(one);
  };
  const throwFailure = () => {
    if (failure !== null) throw (failure as { readonly error: unknown }).error;
  };
  try {
    for await (const piece of pieces) {
      throwFailure();
      gathered.push(piece);
      length += piece.length;
      if (writing.size === 0) writeGathered();
      else if (length >= gatheredBytesMax) {
        if (writing.size >= writesAtOnce) await Promise.race(writing);
        writeGathered();
      }
    }
  } finally {
    while (writing.size > 0) await Promise.race(writing);
    throwFailure();
  }
  return at;
}

/** The system may take less than it was given. */
async function writeAll(file: FileHandle, batch: readonly Uint8Array[], position: number): Promise<void> {
  const length = batch.reduce((total, piece) => total + piece.length, 0);
  if (length === 0) return;
  const { bytesWritten } = await file.writev(batch as Uint8Array[], position);
  if (bytesWritten < length) {
    const rest = Buffer.concat(batch).subarray(bytesWritten);
    for (let done = 0; done < rest.length; ) {
      done += (await file.write(rest, done, rest.length - done, position + bytesWritten + done)).bytesWritten;
    }
  }
  for (const piece of batch) giveBack(piece);
}
