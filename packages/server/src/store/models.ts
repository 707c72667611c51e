import type { ListPage, ListQuery } from '@sparkler/api';
import type { Model } from '@sparkler/api/resources';
import { type Insertable, type Selectable, sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database, DatabaseOrTransaction } from './database.ts';
import { column, type FieldMap, json, namedColumns, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import { nextUpdateTime } from './next-update-time.ts';
import type { ModelsTable } from './schema.ts';

export type ModelResource = Static<typeof Model> & { readonly name: string };

/** A model as stored: what the API shows, and where its files are. */
export interface StoredModel {
  readonly account: string;
  readonly resource: ModelResource;
  /** Catalogue entry that its files come from; null for a model of a caller. */
  readonly catalogueId: string | null;
  readonly blobPrefix: string | null;
  /** File name -> bytes, as announced. */
  readonly uploadFiles: Readonly<Record<string, number>>;
  /** What the check of its files found (model-work/facts.ts); null before. */
  readonly weights: Readonly<Record<string, unknown>> | null;
  readonly supportsChat: boolean;
}

/** Fields that only the API reads; they live in one jsonb column. */
const detailKeys = [
  'githubUrl',
  'teftDetails',
  'importedFrom',
  'fineTuningJob',
  'defaultDraftModel',
  'defaultDraftTokenCount',
  'cluster',
  'deprecationDate',
  'calibrated',
  'tunable',
  'supportsLora',
  'useHfApplyChatTemplate',
  'rlTunable',
  'snapshotType',
  'supportedPrecisions',
  'supportedPrecisionsWithCalibration',
  'trainingContextLength',
  'supportsServerless',
] as const satisfies readonly (keyof ModelResource)[];

const fields: FieldMap = {
  ...namedColumns(
    'name',
    'displayName',
    'description',
    'createTime',
    'updateTime',
    'createdBy',
    'state',
    'status.code',
    'status.message',
    'kind',
    'huggingFaceUrl',
    'contextLength',
    'supportsImageInput',
    'supportsTools',
  ),
  baseModelDetails: json(sql`base_model_details`),
  peftDetails: json(sql`peft_details`),
  public: column(sql`is_public`),
  conversationConfig: json(sql`conversation_config`),
  precisions: column(sql`to_jsonb(precisions)`),
  defaultSamplingParams: json(sql`default_sampling_params`),
  deployedModelRefs: unset,
  ...Object.fromEntries(detailKeys.map((key) => [key, json(sql`(details -> ${key}::text)`)])),
};

/** Models of an account. Callers of other accounts see what is public and ready. */
export function listModels(
  db: Database,
  account: string,
  isOwn: boolean,
  query: ListQuery,
): Promise<ListPage<ModelResource>> {
  const visible = isOwn ? sql`` : sql`and is_public and state = 'READY'`;
  const scope = sql`account = ${account} ${visible}`;
  const source = { from: sql`models`, scope, fields, uniqueKey: sql`name` };
  return listRows(db, source, query, (row: Selectable<ModelsTable>) => toModel(row).resource);
}

export async function readModel(db: DatabaseOrTransaction, name: string): Promise<StoredModel | null> {
  const row = await db.selectFrom('models').selectAll().where('name', '=', name).executeTakeFirst();
  return row ? toModel(row) : null;
}

/** The same, locked until the transaction ends. */
export async function lockModel(db: DatabaseOrTransaction, name: string): Promise<StoredModel | null> {
  const row = await db
    .selectFrom('models')
    .selectAll()
    .where('name', '=', name)
    .forUpdate()
    .executeTakeFirst();
  return row ? toModel(row) : null;
}

/** Makes a model; its files come later. */
export async function insertModel(
  db: DatabaseOrTransaction,
  account: string,
  model: ModelResource,
): Promise<StoredModel> {
  const row = await db
    .insertInto('models')
    .values({ name: model.name, account, created_by: model.createdBy ?? '', ...toColumns(model) })
    .returningAll()
    .executeTakeFirstOrThrow();
  return toModel(row);
}

/** Writes a model's fields, and where its files are when that changes. */
export async function updateModel(
  db: DatabaseOrTransaction,
  model: ModelResource,
  files: Partial<Pick<StoredModel, 'blobPrefix' | 'uploadFiles' | 'supportsChat' | 'catalogueId'>> & {
    readonly weights?: object;
  } = {},
): Promise<StoredModel> {
  const row = await db
    .updateTable('models')
    .set({
      ...toColumns(model),
      ...(files.blobPrefix === undefined ? {} : { blob_prefix: files.blobPrefix }),
      ...(files.catalogueId === undefined ? {} : { catalogue_id: files.catalogueId }),
      ...(files.uploadFiles === undefined ? {} : { upload_files: JSON.stringify(files.uploadFiles) }),
      ...(files.weights === undefined ? {} : { weights: JSON.stringify(files.weights) }),
      ...(files.supportsChat === undefined ? {} : { supports_chat: files.supportsChat }),
      update_time: nextUpdateTime,
    })
    .where('name', '=', model.name)
    .returningAll()
    .executeTakeFirstOrThrow();
  return toModel(row);
}

export async function deleteModel(db: DatabaseOrTransaction, name: string): Promise<void> {
  await db.deleteFrom('models').where('name', '=', name).execute();
}

function toColumns(model: ModelResource) {
  const details = Object.fromEntries(
    detailKeys.flatMap((key) => (model[key] === undefined ? [] : [[key, model[key]]])),
  );
  const toJson = (value: object | undefined) => (value === undefined ? null : JSON.stringify(value));
  return {
    display_name: model.displayName ?? '',
    description: model.description ?? '',
    kind: model.kind ?? 'KIND_UNSPECIFIED',
    state: model.state === 'READY' ? 'READY' : 'UPLOADING',
    status_code: model.status?.code ?? 'OK',
    status_message: model.status?.message ?? '',
    is_public: model.public ?? false,
    context_length: model.contextLength ?? 0,
    supports_tools: model.supportsTools ?? false,
    supports_image_input: model.supportsImageInput ?? false,
    hugging_face_url: model.huggingFaceUrl ?? '',
    conversation_config: toJson(model.conversationConfig),
    base_model_details: toJson(model.baseModelDetails),
    peft_details: toJson(model.peftDetails),
    default_sampling_params: JSON.stringify(model.defaultSamplingParams ?? {}),
    details: JSON.stringify(details),
    precisions: [...(model.precisions ?? [])],
  } satisfies Partial<Insertable<ModelsTable>>;
}

function toModel(row: Selectable<ModelsTable>): StoredModel {
  // What is in the columns was checked against the contract when it was written.
  const resource = {
    ...row.details,
    name: row.name,
    displayName: row.display_name,
    description: row.description,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
    createdBy: row.created_by,
    state: row.state,
    status: { code: row.status_code, message: row.status_message },
    kind: row.kind,
    huggingFaceUrl: row.hugging_face_url,
    public: row.is_public,
    contextLength: row.context_length,
    supportsImageInput: row.supports_image_input,
    supportsTools: row.supports_tools,
    precisions: row.precisions,
    defaultSamplingParams: row.default_sampling_params,
    ...(row.base_model_details === null ? {} : { baseModelDetails: row.base_model_details }),
    ...(row.peft_details === null ? {} : { peftDetails: row.peft_details }),
    ...(row.conversation_config === null ? {} : { conversationConfig: row.conversation_config }),
  } as unknown as ModelResource;
  return {
    account: row.account,
    resource,
    catalogueId: row.catalogue_id,
    blobPrefix: row.blob_prefix,
    uploadFiles: row.upload_files as Record<string, number>,
    weights: row.weights,
    supportsChat: row.supports_chat,
  };
}
