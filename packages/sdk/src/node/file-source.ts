import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { FireworksError } from '../core/errors.ts';
import type { UploadSource } from '../transfers/upload.ts';

export const readBytes = 1024 * 1024;

/** A file on this machine to send under a name. Throws FireworksError when there is none. */
export async function fileSource(path: string, name: string): Promise<UploadSource> {
  const facts = await stat(path).catch(() => null);
  if (facts === null || !facts.isFile()) throw new FireworksError(`${path} is not a file`);
  return {
    name,
    sizeBytes: facts.size,
    read: (fromByte, toByte) =>
      fromByte >= toByte
        ? Readable.from([])
        : createReadStream(path, { start: fromByte, end: toByte - 1, highWaterMark: readBytes }),
  };
}
