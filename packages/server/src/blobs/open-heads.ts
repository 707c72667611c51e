import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BlobStore } from './blob-store.ts';

/** The headers of files of weights lie in their first megabytes; other files are smaller as a whole. */
const headBytes = 32 * 1024 * 1024;

/**
 * A folder of files that have the beginnings of the blobs below a prefix, and their sizes: enough to read
 * names and shapes of tensors, without a copy of the weights. The rest of them reads as zeros.
 */
export async function openHeads(blobs: BlobStore, prefix: string, folder: string): Promise<string> {
  for (const { key, sizeBytes } of await blobs.list(prefix)) {
    const path = join(folder, ...key.slice(prefix.length + 1).split('/'));
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'w', 0o600);
    try {
      const range = { fromByte: 0, toByte: Math.min(sizeBytes, headBytes) - 1 };
      if (sizeBytes > 0) for await (const part of await blobs.read(key, range)) await file.writeFile(part);
      await file.truncate(sizeBytes);
    } finally {
      await file.close();
    }
  }
  return folder;
}
