import { FetchStoppedError } from './model-unavailable-error.ts';

/** What the disk says; trying another source can't help against it. */
const diskCodes = ['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'EIO', 'ENOTDIR', 'EMFILE'];

export function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return diskCodes.includes((error as NodeJS.ErrnoException).code ?? '');
}

/** An error of the disk in plain words; any other error as it is. */
export function explainFileError(error: unknown, path: string): unknown {
  if (!isFileError(error)) return error;
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new FetchStoppedError(
    isFull
      ? `The disk is full: ${path} cannot be written. Free some space, or set SPARKLER_CACHE to another disk.`
      : `${path} cannot be written: ${error.message}. Check its owner, or set SPARKLER_CACHE to another folder.`,
  );
}
