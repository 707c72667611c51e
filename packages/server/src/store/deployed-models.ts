import { randomBytes } from 'node:crypto';
import type { ListPage, ListQuery } from '@sparkler/api';
import type { DeployedModel } from '@sparkler/api/resources';
import { sql } from 'kysely';
import type { Static } from 'typebox';
import type { Database, DatabaseOrTransaction } from './database.ts';
import type { DeploymentResource } from './deployments.ts';
import { column, type FieldMap, namedColumns, unset } from './lists/field-sql.ts';
import { listRows } from './lists/list-rows.ts';
import { nextUpdateTime } from './next-update-time.ts';

export type DeployedModelResource = Static<typeof DeployedModel> & { readonly name: string };

interface DeployedModelRow {
  name: string;
  account: string;
  display_name: string;
  description: string;
  created_by: string;
  create_time: Date;
  update_time: Date;
  delete_time: Date | null;
  model: string;
  deployment: string;
  is_default: boolean;
  is_public: boolean;
  adapter: string | null;
  observed_state: string;
  observed_reason: string | null;
}

const state = sql`case when delete_time is not null then 'UNDEPLOYING'
  when observed_state = 'deployed' then 'DEPLOYED'
  when observed_state = 'deploying' then 'DEPLOYING' else 'UNDEPLOYING' end`;

const fields: FieldMap = {
  ...namedColumns(
    'name',
    'displayName',
    'description',
    'createTime',
    'updateTime',
    'createdBy',
    'model',
    'deployment',
  ),
  default: column(sql`is_default`),
  public: column(sql`is_public`),
  state: column(state),
  serverless: column(sql`(split_part(deployment, '/', 2) <> account)`),
  status: unset,
};

export function listDeployedModels(
  db: Database,
  account: string,
  query: ListQuery,
): Promise<ListPage<DeployedModelResource>> {
  const source = {
    from: sql`deployed_models`,
    scope: sql`account = ${account}`,
    fields,
    uniqueKey: sql`name`,
  };
  return listRows(db, source, query, toDeployedModel);
}

/**
 * One, locked until the transaction ends with the others of its model, since the default moves between them:
 * in order of their names, so that no two wait for each other.
 */
export async function lockDeployedModel(
  db: DatabaseOrTransaction,
  name: string,
): Promise<DeployedModelResource | null> {
  await sql`
    select name from deployed_models
    where model = (select model from deployed_models where name = ${name})
      and account = split_part(${name}, '/', 2)
    order by name for update`.execute(db);
  return readDeployedModel(db, name);
}

export async function readDeployedModel(
  db: DatabaseOrTransaction,
  name: string,
): Promise<DeployedModelResource | null> {
  const { rows } =
    await sql<DeployedModelRow>`select * from deployed_models where name = ${name} for update`.execute(db);
  return rows[0] === undefined ? null : toDeployedModel(rows[0]);
}

export interface NewDeployedModel {
  readonly account: string;
  readonly model: string;
  readonly deployment: string;
  readonly displayName: string;
  readonly description: string;
  readonly isPublic: boolean;
  readonly createdBy: string;
  /** Id under which replicas load it; null for the deployment's base model. */
  readonly adapter: string | null;
}

/** Deploys a model on a deployment. The first of a model in its account is the default. */
export async function insertDeployedModel(
  db: DatabaseOrTransaction,
  wanted: NewDeployedModel,
): Promise<DeployedModelResource> {
  const id = `${wanted.model.split('/').at(-1)!.slice(0, 50)}-${randomBytes(4).toString('hex')}`;
  const name = `accounts/${wanted.account}/deployedModels/${id}`;
  const { rows } = await sql<DeployedModelRow>`
    insert into deployed_models (name, account, display_name, description, created_by, model, deployment, is_public,
      adapter, is_default)
    values (${name}, ${wanted.account}, ${wanted.displayName}, ${wanted.description}, ${wanted.createdBy},
      ${wanted.model}, ${wanted.deployment}, ${wanted.isPublic}, ${wanted.adapter},
      not exists (select 1 from deployed_models where account = ${wanted.account} and model = ${wanted.model}
        and is_default and delete_time is null))
    returning *`.execute(db);
  return toDeployedModel(rows[0]!);
}

/** Puts a new deployment's base model on it. */
export async function deployBaseModel(
  db: DatabaseOrTransaction,
  deployment: DeploymentResource,
  createdBy: string,
): Promise<void> {
  await insertDeployedModel(db, {
    account: deployment.name.split('/')[1]!,
    model: deployment.baseModel!,
    deployment: deployment.name,
    displayName: '',
    description: '',
    isPublic: false,
    createdBy,
    adapter: null,
  });
}

/** Writes names, visibility and default; making one the default takes that from the other. */
export async function updateDeployedModel(
  db: DatabaseOrTransaction,
  wanted: DeployedModelResource,
): Promise<DeployedModelResource> {
  if (wanted.default === true) {
    await sql`update deployed_models set is_default = false, update_time = ${nextUpdateTime}
      where model = ${wanted.model} and is_default and name <> ${wanted.name}
        and account = split_part(${wanted.name}, '/', 2)`.execute(db);
  }
  const { rows } = await sql<DeployedModelRow>`
    update deployed_models set display_name = ${wanted.displayName ?? ''}, description = ${wanted.description ?? ''},
      is_public = ${wanted.public ?? false}, is_default = ${wanted.default ?? false}, generation = generation + 1,
      update_time = ${nextUpdateTime}
    where name = ${wanted.name} returning *`.execute(db);
  return toDeployedModel(rows[0]!);
}

/** Marks one for unloading; its reconciler removes the row once no replica holds it. */
export async function undeployModel(db: DatabaseOrTransaction, name: string): Promise<void> {
  await sql`update deployed_models set delete_time = coalesce(delete_time, now()), is_default = false,
    generation = generation + 1, update_time = ${nextUpdateTime} where name = ${name}`.execute(db);
}

/**
 * Marks for unloading the addons on deployments of other accounts that nobody asked since a time. Returns
 * their names.
 */
export async function undeployIdleAddons(db: DatabaseOrTransaction, since: Date): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    update deployed_models loaded set delete_time = now(), is_default = false, generation = generation + 1,
      update_time = ${nextUpdateTime}
    where adapter is not null and delete_time is null and create_time < ${since}
      and split_part(deployment, '/', 2) <> account
      and not exists (select 1 from usage where usage.deployment = loaded.deployment
        and usage.model = loaded.model and usage.start_time >= ${since})
    returning name`.execute(db);
  return rows.map((row) => row.name);
}

/**
 * Adapters that an account has loaded, over all deployments. Within a transaction no other one of the account
 * counts before it ends, so that a limit holds for callers that come at once.
 */
export async function countAdapters(db: DatabaseOrTransaction, account: string): Promise<number> {
  await sql`select pg_advisory_xact_lock(hashtextextended('addons of ' || ${account}::text, 0))`.execute(db);
  const { rows } = await sql<{ count: number }>`
    select count(*)::integer as count from deployed_models
    where account = ${account} and adapter is not null and delete_time is null`.execute(db);
  return rows[0]!.count;
}

/** A model for which this deployment is the default while others hold it too; null when there is none. */
export async function findBlockingDefault(
  db: DatabaseOrTransaction,
  deployment: string,
): Promise<string | null> {
  const { rows } = await sql<{ model: string }>`
    select own.model from deployed_models own
    join deployed_models other on other.model = own.model and other.account = own.account
      and other.deployment <> own.deployment and other.delete_time is null
    join deployments place on place.name = other.deployment and place.delete_time is null
    where own.deployment = ${deployment} and own.is_default limit 1`.execute(db);
  return rows[0]?.model ?? null;
}

/**
 * A shared deployment of the provider that serves this base model and takes addons; null when there is none.
 */
export async function findServerless(
  db: DatabaseOrTransaction,
  providerAccount: string,
  baseModel: string,
): Promise<string | null> {
  const { rows } = await sql<{ name: string }>`
    select name from deployments where account = ${providerAccount} and base_model = ${baseModel}
      and delete_time is null order by create_time limit 1`.execute(db);
  return rows[0]?.name ?? null;
}

function toDeployedModel(row: DeployedModelRow): DeployedModelResource {
  const isFailed = row.observed_state === 'failed';
  const states: Record<string, string> = { deployed: 'DEPLOYED', deploying: 'DEPLOYING' };
  return {
    name: row.name,
    displayName: row.display_name,
    description: row.description,
    createTime: row.create_time.toISOString(),
    updateTime: row.update_time.toISOString(),
    createdBy: row.created_by,
    model: row.model,
    deployment: row.deployment,
    default: row.is_default,
    public: row.is_public,
    // A model that failed to load is UNDEPLOYING with the reason: the documented states have no failure.
    state: row.delete_time === null ? (states[row.observed_state] ?? 'UNDEPLOYING') : 'UNDEPLOYING',
    status: { code: isFailed ? 'FAILED_PRECONDITION' : 'OK', message: row.observed_reason ?? '' },
    serverless: row.deployment.split('/')[1] !== row.account,
  } as DeployedModelResource;
}
