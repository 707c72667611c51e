import type { FileHandle } from 'node:fs/promises';

/** One system call moves less than 2 GiB; larger tensors go in parts. */
const PART_BYTES = 1024 ** 3;

/** Reads `count` bytes from `offset`; fewer when the file ends before. */
export async function readBytes(file: FileHandle, offset: number, count: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(count);
  let done = 0;
  while (done < count) {
    const { bytesRead } = await file.read(bytes, done, Math.min(PART_BYTES, count - done), offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}

/** Appends all bytes: a single write may take only a part of them. */
export async function appendBytes(file: FileHandle, bytes: Uint8Array): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const { bytesWritten } = await file.write(bytes, done, Math.min(PART_BYTES, bytes.length - done));
    done += bytesWritten;
  }
}
