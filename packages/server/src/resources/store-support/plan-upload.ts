import { invalidField } from '@sparkler/api';
import { isBlobKey } from '../../blobs/blob-store.ts';

/** Far above the largest models there are (1 T parameters in 16 bit are 2 TB). */
const TOTAL_BYTES_MAX = 8e12;
const FILES_MAX = 2_000;

/** The files that a caller wants to upload, checked: name to bytes. Throws ApiError (400) naming the file. */
export function planUpload(filenameToSize: Readonly<Record<string, string>>): Record<string, number> {
  const field = 'filenameToSize';
  const entries = Object.entries(filenameToSize).map(([name, size]): [string, number] => {
    if (name.length > 300 || !isBlobKey(name)) {
      const rule = 'a relative path of letters, digits, space and . _ + = @ - (no .., no backslash)';
      throw invalidField(
        field,
        `${field}: '${name.slice(0, 120)}' can't be uploaded: a file's name must be ${rule}`,
      );
    }
    if (!(Number(size) >= 0)) throw invalidField(field, `${field}: the size of ${name} must be at least 0`);
    return [name, Number(size)];
  });
  if (entries.length === 0) throw invalidField(field, `${field} names no file`);
  if (entries.length > FILES_MAX) throw invalidField(field, `${field} names more than ${FILES_MAX} files`);
  const total = entries.reduce((sum, [, size]) => sum + size, 0);
  if (total > TOTAL_BYTES_MAX)
    throw invalidField(field, `${field}: ${total} bytes are more than a model has`);
  const names = new Set(entries.map(([name]) => name));
  const nested = entries.find(([name]) => foldersOf(name).some((folder) => names.has(folder)));
  if (nested) throw invalidField(field, `${field}: ${nested[0]} lies in a folder that is a file as well`);
  return Object.fromEntries(entries);
}

function foldersOf(name: string): string[] {
  const segments = name.split('/');
  return segments.slice(1).map((_, index) => segments.slice(0, index + 1).join('/'));
}
