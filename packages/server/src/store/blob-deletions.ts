import type { DatabaseOrTransaction } from './database.ts';

/** Notes, in the transaction that removes or replaces a resource, that its blobs are to go. */
export async function requestBlobDeletion(db: DatabaseOrTransaction, prefix: string): Promise<void> {
  await db
    .insertInto('blob_deletions')
    .values({ prefix })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export async function listBlobDeletions(db: DatabaseOrTransaction): Promise<string[]> {
  const rows = await db.selectFrom('blob_deletions').select('prefix').limit(1000).execute();
  return rows.map((row) => row.prefix);
}

export async function forgetBlobDeletion(db: DatabaseOrTransaction, prefix: string): Promise<void> {
  await db.deleteFrom('blob_deletions').where('prefix', '=', prefix).execute();
}
