import { createReadStream } from 'node:fs';
import { mkdir, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { DownloadSink } from '../transfers/download.ts';
import { readBytes } from './file-source.ts';

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
    read: () => createReadStream(partial, { highWaterMark: readBytes }),
    async write(bytes) {
      let written = 0;
      while (written < bytes.length)
        written += (await file.write(bytes, written, bytes.length - written)).bytesWritten;
      keptBytes += bytes.length;
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
