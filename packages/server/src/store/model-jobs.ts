import type { ListPage, ListQuery } from '@sparkler/api';
import type { PeftMergeJob } from '@sparkler/api/resources';
import { type Selectable, sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database, DatabaseOrTransaction } from './database.ts';
import { column, type FieldMap, namedColumns } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import { nextUpdateTime } from './next-update-time.ts';
import type { ModelJobsTable } from './schema.ts';

export type ModelJob = Selectable<ModelJobsTable>;
type MergeJobResource = Static<typeof PeftMergeJob>;

const publicStates = {
  pending: 'JOB_STATE_PENDING',
  running: 'JOB_STATE_RUNNING',
  completed: 'JOB_STATE_COMPLETED',
  failed: 'JOB_STATE_FAILED',
} as const satisfies Record<ModelJob['state'], MergeJobResource['state']>;

const stateWords = sql.join(
  Object.entries(publicStates).map(([state, word]) => sql`when ${state} then ${word}`),
  sql` `,
);

const fields: FieldMap = {
  ...namedColumns('name', 'displayName', 'createTime', 'updateTime', 'createdBy'),
  state: column(sql`(case state ${stateWords} end)`),
  'status.code': column(sql`(case state when 'failed' then 'INTERNAL' else 'OK' end)`),
  'status.message': column(sql`reason`),
  peftModel: column(sql`(spec ->> 'peftModel')`),
  mergedModel: column(sql`(spec ->> 'mergedModel')`),
};

export function listMergeJobs(
  db: Database,
  account: string,
  query: ListQuery,
): Promise<ListPage<MergeJobResource>> {
  const scope = sql`account = ${account} and kind = 'merge'`;
  return listRows(db, { from: sql`model_jobs`, scope, fields, uniqueKey: sql`name` }, query, toMergeJob);
}

export async function readModelJob(db: DatabaseOrTransaction, name: string): Promise<ModelJob | null> {
  const row = await db.selectFrom('model_jobs').selectAll().where('name', '=', name).executeTakeFirst();
  return row ?? null;
}

/** The same, locked until the transaction ends. */
export async function lockModelJob(db: DatabaseOrTransaction, name: string): Promise<ModelJob | null> {
  const query = db.selectFrom('model_jobs').selectAll().where('name', '=', name).forUpdate();
  return (await query.executeTakeFirst()) ?? null;
}

export interface NewModelJob {
  readonly name: string;
  readonly account: string;
  readonly kind: ModelJob['kind'];
  readonly displayName: string;
  readonly createdBy: string;
  readonly spec: Readonly<Record<string, string>>;
  readonly model: string;
}

/** Makes a job, or begins one of the same name again that has failed. */
export async function insertModelJob(db: DatabaseOrTransaction, job: NewModelJob): Promise<ModelJob> {
  const begun = { state: 'pending', reason: '', spec: JSON.stringify(job.spec) } as const;
  return db
    .insertInto('model_jobs')
    .values({
      ...begun,
      name: job.name,
      account: job.account,
      kind: job.kind,
      display_name: job.displayName,
      created_by: job.createdBy,
      model: job.model,
    })
    .onConflict((conflict) =>
      conflict.column('name').doUpdateSet({ ...begun, update_time: sql<Date>`now()` }),
    )
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** Names of jobs that are not done. */
export async function listOpenModelJobs(db: Database): Promise<string[]> {
  const rows = await db
    .selectFrom('model_jobs')
    .select('name')
    .where('state', 'in', ['pending', 'running'])
    .orderBy('create_time')
    .execute();
  return rows.map((row) => row.name);
}

/** Moves a job that is not done on; false when it is done or gone. */
export async function moveModelJob(
  db: DatabaseOrTransaction,
  name: string,
  state: ModelJob['state'],
  reason = '',
): Promise<boolean> {
  const moved = await db
    .updateTable('model_jobs')
    .set({ state, reason: reason.slice(0, 2000), update_time: nextUpdateTime })
    .where('name', '=', name)
    .where('state', 'in', ['pending', 'running'])
    .executeTakeFirst();
  return Number(moved.numUpdatedRows) > 0;
}

/** Whether a job of that name was there. */
export async function deleteModelJob(db: DatabaseOrTransaction, name: string): Promise<boolean> {
  const deleted = await db.deleteFrom('model_jobs').where('name', '=', name).executeTakeFirst();
  return Number(deleted.numDeletedRows) > 0;
}

export function toMergeJob(row: ModelJob): MergeJobResource {
  return {
    name: row.name,
    displayName: row.display_name,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
    createdBy: row.created_by,
    state: publicStates[row.state],
    status: { code: row.state === 'failed' ? 'INTERNAL' : 'OK', message: row.reason },
    peftModel: row.spec.peftModel ?? '',
    mergedModel: row.spec.mergedModel ?? '',
  };
}
