import type { ListPage, ListQuery } from '@sparkler/api';
import type { Dataset } from '@sparkler/api/resources';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database, DatabaseOrTransaction } from './database.ts';
import { type FieldMap, json, namedColumns, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import { nextUpdateTime } from './next-update-time.ts';
import type { DatasetsTable } from './schema.ts';

export type DatasetResource = Static<typeof Dataset> & { readonly name: string };

/** A dataset as stored: what the API shows, and where its files are. */
export interface StoredDataset {
  readonly account: string;
  readonly resource: DatasetResource;
  /** All its files, JSONL, in order of their names. */
  readonly blobPrefix: string | null;
  /** File name -> bytes, as announced. */
  readonly uploadFiles: Readonly<Record<string, number>>;
}

/** Ways that a dataset comes to be; one of them is set. */
const sourceKeys = [
  'userUploaded',
  'evaluationResult',
  'transformed',
  'splitted',
  'evalProtocol',
] as const satisfies readonly (keyof DatasetResource)[];

const fields: FieldMap = {
  ...namedColumns(
    'name',
    'displayName',
    'createTime',
    'updateTime',
    'createdBy',
    'state',
    'status.code',
    'status.message',
    'exampleCount',
    'estimatedTokenCount',
    'averageTurnCount',
    'format',
    'externalUrl',
    'sourceJobName',
  ),
  encryptionState: unset,
  ...Object.fromEntries(sourceKeys.map((key) => [key, json(sql`(source -> ${key}::text)`)])),
};

export function listDatasets(
  db: Database,
  account: string,
  query: ListQuery,
): Promise<ListPage<DatasetResource>> {
  const source = { from: sql`datasets`, scope: sql`account = ${account}`, fields, uniqueKey: sql`name` };
  return listRows(db, source, query, (row: Selectable<DatasetsTable>) => toDataset(row).resource);
}

export async function readDataset(db: DatabaseOrTransaction, name: string): Promise<StoredDataset | null> {
  const row = await db.selectFrom('datasets').selectAll().where('name', '=', name).executeTakeFirst();
  return row ? toDataset(row) : null;
}

/** The same, locked until the transaction ends. */
export async function lockDataset(db: DatabaseOrTransaction, name: string): Promise<StoredDataset | null> {
  const query = db.selectFrom('datasets').selectAll().where('name', '=', name).forUpdate();
  const row = await query.executeTakeFirst();
  return row ? toDataset(row) : null;
}

/** Names of datasets that lie elsewhere and are still to be fetched. */
export async function listUnfetchedDatasets(db: DatabaseOrTransaction): Promise<string[]> {
  const rows = await db
    .selectFrom('datasets')
    .select('name')
    .where('state', '=', 'UPLOADING')
    .where('external_url', '<>', '')
    .where('status_code', '=', 'OK')
    .orderBy('create_time')
    .execute();
  return rows.map((row) => row.name);
}

export async function insertDataset(
  db: DatabaseOrTransaction,
  account: string,
  dataset: DatasetResource,
  files: Partial<Pick<StoredDataset, 'blobPrefix' | 'uploadFiles'>> = {},
): Promise<StoredDataset> {
  const row = await db
    .insertInto('datasets')
    .values({
      name: dataset.name,
      account,
      created_by: dataset.createdBy ?? '',
      blob_prefix: files.blobPrefix ?? null,
      upload_files: JSON.stringify(files.uploadFiles ?? {}),
      ...toColumns(dataset),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toDataset(row);
}

export async function updateDataset(
  db: DatabaseOrTransaction,
  dataset: DatasetResource,
  files: Partial<Pick<StoredDataset, 'blobPrefix' | 'uploadFiles'>> = {},
): Promise<StoredDataset> {
  const row = await db
    .updateTable('datasets')
    .set({
      ...toColumns(dataset),
      ...(files.blobPrefix === undefined ? {} : { blob_prefix: files.blobPrefix }),
      ...(files.uploadFiles === undefined ? {} : { upload_files: JSON.stringify(files.uploadFiles) }),
      update_time: nextUpdateTime,
    })
    .where('name', '=', dataset.name)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toDataset(row);
}

export async function deleteDataset(db: DatabaseOrTransaction, name: string): Promise<void> {
  await db.deleteFrom('datasets').where('name', '=', name).execute();
}

function toColumns(dataset: DatasetResource) {
  const source = Object.fromEntries(
    sourceKeys.flatMap((key) => (dataset[key] === undefined ? [] : [[key, dataset[key]]])),
  );
  return {
    display_name: dataset.displayName ?? '',
    state: dataset.state === 'READY' ? 'READY' : 'UPLOADING',
    status_code: dataset.status?.code ?? 'OK',
    status_message: dataset.status?.message ?? '',
    example_count: Number(dataset.exampleCount ?? 0),
    estimated_token_count: Number(dataset.estimatedTokenCount ?? 0),
    average_turn_count: dataset.averageTurnCount ?? 0,
    format: dataset.format ?? 'FORMAT_UNSPECIFIED',
    source: JSON.stringify(source),
    external_url: dataset.externalUrl ?? '',
    source_job_name: dataset.sourceJobName ?? '',
  } satisfies Partial<Insertable<DatasetsTable>>;
}

function toDataset(row: Selectable<DatasetsTable>): StoredDataset {
  // What is in the columns was checked against the contract when it was written.
  const resource = {
    ...row.source,
    name: row.name,
    displayName: row.display_name,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
    createdBy: row.created_by,
    state: row.state,
    status: { code: row.status_code, message: row.status_message },
    exampleCount: String(row.example_count),
    estimatedTokenCount: String(row.estimated_token_count),
    averageTurnCount: row.average_turn_count,
    format: row.format,
    externalUrl: row.external_url,
    sourceJobName: row.source_job_name,
  } as unknown as DatasetResource;
  return {
    account: row.account,
    resource,
    blobPrefix: row.blob_prefix,
    uploadFiles: row.upload_files as Record<string, number>,
  };
}
