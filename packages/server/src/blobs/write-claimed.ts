import { type BlobClaims, ClaimLostError, type NewClaim } from '../store/blob-claims.ts';
import type { DatabaseOrTransaction } from '../store/database.ts';
import type { BlobStore } from './blob-store.ts';

export interface ClaimParts {
  readonly blobs: BlobStore;
  readonly claims: BlobClaims;
}

/** To be called in the transaction that names the blobs. */
export type ReleaseClaim = (transaction: DatabaseOrTransaction) => Promise<void>;

/**
 * Writes blobs that a resource names only at the end. Should it fail, or the server die at any line, nothing
 * of them stays.
 */
export async function writeClaimed<T>(
  parts: ClaimParts,
  claim: NewClaim,
  write: (release: ReleaseClaim) => Promise<T>,
): Promise<T> {
  await parts.claims.make(claim);
  return finishClaimed(parts, claim.prefix, write);
}

/** The same for a claim that was made already. */
export async function finishClaimed<T>(
  { blobs, claims }: ClaimParts,
  prefix: string,
  write: (release: ReleaseClaim) => Promise<T>,
): Promise<T> {
  try {
    return await write((transaction) => claims.release(prefix, transaction));
  } catch (error) {
    // Without a database the claim stays, and is taken back by the next start.
    const isDropped = error instanceof ClaimLostError || (await claims.drop(prefix).catch(() => false));
    // The collector removes them as well; most often this is sooner.
    if (isDropped) await blobs.removeAll(prefix).catch(() => undefined);
    throw error;
  }
}
