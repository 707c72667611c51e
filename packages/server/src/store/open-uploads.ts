import type { DatabaseOrTransaction } from './database.ts';

/** Folders of blobs for one upload of a model or a dataset: `models/acme/m1/<upload>`. */
export function makeBlobPrefix(name: string, upload: string): string {
  const [, account, collection, id] = name.split('/');
  return `${collection}/${account}/${id}/${upload}`;
}

/** Whether the model or dataset that a blob belongs to still takes files. */
export async function isUploadOpen(db: DatabaseOrTransaction, key: string): Promise<boolean> {
  const [collection, account, id, upload] = key.split('/');
  if (collection !== 'models' && collection !== 'datasets') return false;
  const row = await db
    .selectFrom(collection)
    .select(['state', 'blob_prefix'])
    .where('name', '=', `accounts/${account}/${collection}/${id}`)
    .executeTakeFirst();
  return row?.state === 'UPLOADING' && row.blob_prefix === `${collection}/${account}/${id}/${upload}`;
}
