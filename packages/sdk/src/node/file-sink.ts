import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DownloadSink } from '../transfers/download.ts';
import { readFile } from './file-source.ts';

/** A file that gets its name when it is whole; until then it lies beside it, with `.partial` behind. */
export interface FileSink extends DownloadSink {
  /** Gives the file its name. */
  finish(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file to download into, at the end of what an earlier try left. */
export async function openFileSink(path: string): Promise<FileSink> {
  const partial = `${path}.partial`;
  await mkdir(dirname(path), { recursive: true });
  // 'a' would write at the end whatever the position: after clear() both are 0 anyway.
  const file = await open(partial, 'a');
  let keptBytes = (await file.stat()).size;
  return {
    name: path,
    get keptBytes() {
      return keptBytes;
    },
    read: () => readFile(partial),
    async write(bytes) {
      let written = 0;
      while (written < bytes.length)
        written += (await file.write(bytes, written, bytes.length - written)).bytesWritten;
      keptBytes += bytes.length;
      release(bytes);
    },
    async clear() {
      await file.truncate(0);
      keptBytes = 0;
    },
    async finish() {
      await file.close();
      await rename(partial, path);
    },
    close: () => file.close(),
  };
}

/** Gives memory back now: the collector comes only after a hundred megabytes. */
function release({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && 'transfer' in buffer)
    (buffer as ArrayBuffer & { transfer(length: number): ArrayBuffer }).transfer(0);
}
