import type { FileHandle } from 'node:fs/promises';

/** One system call moves less than 2 GiB; larger tensors go in parts. */
const PART_BYTES = 1024 ** 3;

/** Reads `count` bytes from `offset`; fewer when the file ends before. */
export async function readBytes(file: FileHandle, offset: number, count: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(count);
  return bytes.subarray(0, await readInto(file, offset, bytes));
}

/** Fills `bytes` from `offset` on, and returns how many came: fewer when the file ends before. */
export async function readInto(file: FileHandle, offset: number, bytes: Uint8Array): Promise<number> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesRead } = await file.read(
      bytes,
      done,
      Math.min(PART_BYTES, bytes.length - done),
      offset + done,
    );
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}

/** Appends all bytes: a single write may take only a part of them. */
export async function appendBytes(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(PART_BYTES, bytes.length - done));
    done += bytesWritten;
  }
}
