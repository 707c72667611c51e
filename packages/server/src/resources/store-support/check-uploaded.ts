import { ApiError, type FieldViolation } from '@sparkler/api';
import type { BlobStore } from '../../blobs/blob-store.ts';

/** Throws ApiError (400) naming each announced file that has not arrived whole. */
export async function checkUploaded(
  blobs: BlobStore,
  prefix: string | null,
  files: Readonly<Record<string, number>>,
): Promise<void> {
  if (prefix === null || Object.keys(files).length === 0) {
    throw new ApiError(
      'FAILED_PRECONDITION',
      'no files were uploaded; ask for URLs with :getUploadEndpoint first',
    );
  }
  const found = new Map((await blobs.list(prefix)).map(({ key, sizeBytes }) => [key, sizeBytes]));
  const violations: FieldViolation[] = [];
  for (const [name, size] of Object.entries(files)) {
    const has = found.get(`${prefix}/${name}`);
    if (has === size) continue;
    const kept = has === undefined ? await blobs.keptBytes(`${prefix}/${name}`) : has;
    const description =
      kept === 0 ? 'was not uploaded' : `has ${kept} of ${size} bytes: its upload did not end; go on with it`;
    violations.push({ field: name, description: `${name} ${description}` });
  }
  if (violations.length === 0) return;
  const shown = violations.slice(0, 5).map(({ description }) => description);
  const more = violations.length > shown.length ? `; and ${violations.length - shown.length} files more` : '';
  throw new ApiError('FAILED_PRECONDITION', shown.join('; ') + more, violations);
}
