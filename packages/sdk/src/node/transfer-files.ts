import { resolve, sep } from 'node:path';
import { FireworksError } from '../core/errors.ts';
import { downloadFile } from '../transfers/download.ts';
import type { TransferOptions, Transferred } from '../transfers/transfer.ts';
import { uploadFile } from '../transfers/upload.ts';
import { openFileSink } from './file-sink.ts';
import { fileSource } from './file-source.ts';
import type { LocalFile } from './list-folder.ts';
import { streamGet } from './stream-get.ts';
import { streamPut } from './stream-put.ts';

/** Progress of several files: told file by file. */
export interface FilesOptions extends Omit<TransferOptions, 'onProgress'> {
  readonly onProgress?: ((file: string, doneBytes: number, totalBytes: number) => void) | undefined;
  readonly onDone?: ((file: string, transferred: Transferred) => void) | undefined;
}

type SignedUrls = Readonly<Record<string, string>>;

/**
 * Sends files to their signed URLs (`filenameToSignedUrls` of `getUploadEndpoint`), one after the other,
 * streamed from disk. What was begun is gone on with, also by another process. Throws as `uploadFile` does.
 */
export async function uploadFiles(
  urls: SignedUrls,
  files: readonly Pick<LocalFile, 'name' | 'path'>[],
  { onProgress, onDone, ...options }: FilesOptions = {},
): Promise<void> {
  for (const { name, path } of files) {
    const url = urls[name];
    if (url === undefined) throw new FireworksError(`the server gave no place for ${name}`);
    const source = await fileSource(path, name);
    onProgress?.(name, 0, source.sizeBytes);
    const tell = (done: number, total: number): void => onProgress?.(name, done, total);
    const sent = await uploadFile(url, source, { ...options, put: streamPut, onProgress: tell });
    onDone?.(name, sent);
  }
}

/**
 * Fetches files from signed URLs (`filenameToSignedUrls` of `getDownloadEndpoint`) into a folder. A file has
 * its name only when it is whole; what was begun (`.partial`) is gone on with. Throws as `downloadFile` does.
 */
export async function downloadFiles(
  urls: SignedUrls,
  folder: string,
  { onProgress, onDone, ...options }: FilesOptions = {},
): Promise<void> {
  for (const [name, url] of Object.entries(urls)) {
    const target = resolve(folder, name);
    if (!target.startsWith(resolve(folder) + sep))
      throw new FireworksError(`the server names a file outside the folder: ${name}`);
    const tell = (done: number, total: number): void => onProgress?.(name, done, total);
    const sink = await openFileSink(target);
    try {
      const received = await downloadFile(url, sink, { ...options, get: streamGet, onProgress: tell });
      await sink.finish();
      onDone?.(name, received);
    } catch (error) {
      await sink.close();
      throw error;
    }
  }
}
