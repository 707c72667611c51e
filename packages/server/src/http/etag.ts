import { ApiError } from '@sparkler/api';

/**
 * The etag of a resource: its update time, which rises with every change (store/next-update-time.ts). Null
 * for what has none.
 */
export function etagOf(resource: unknown): string | null {
  if (typeof resource !== 'object' || resource === null || !('updateTime' in resource)) return null;
  const timeMs = Date.parse(String(resource.updateTime));
  return Number.isNaN(timeMs) ? null : `"${timeMs.toString(36)}"`;
}

/** Throws ApiError (409) when a caller's `If-Match` names another version than the one there is. */
export function checkIfMatch(ifMatch: string | null, name: string, current: unknown): void {
  if (ifMatch === null) return;
  const etag = etagOf(current);
  const wanted = ifMatch.split(',').map((part) => part.trim().replace(/^W\//, ''));
  if (etag !== null && wanted.includes(etag)) return;
  throw new ApiError('ABORTED', `${name} was changed meanwhile: get it again, and repeat the change on that`);
}
