import { randomBytes } from 'node:crypto';
import { ApiError, changeResource, checkLegal } from '@sparkler/api';
import { deployments } from '@sparkler/api/resources';
import { checkMaySpend } from '../../billing/check-may-spend.ts';
import { checkIfMatch } from '../../http/etag.ts';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import { deployBaseModel, findBlockingDefault } from '../../store/deployed-models.ts';
import {
  type DeploymentResource,
  type DeploymentWish,
  insertDeployment,
  listDeployments,
  readDeployment,
  type StoredDeployment,
  updateDeployment,
  wantOfDeployment,
} from '../../store/deployments.ts';
import { hashKey, readKeySalt } from '../../store/key-hash.ts';
import { isDuplicate } from '../../store/postgres-errors.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';
import { checkDeployment } from './check-deployment.ts';
import { deriveDirectRouteHandle } from './check-direct-route.ts';
import { showMetrics } from './show-metrics.ts';

/** A deleted deployment can be brought back for this long. */
const undeleteMs = 7 * 24 * 3_600_000;

/** Deployments: what is wanted of them. Their reconciler makes it so. */
export function makeDeploymentHandlers(context: ControlPlaneContext): HandlersOf<typeof deployments> {
  const { db, queue, settings, now } = context;
  const { providerAccount } = settings;
  const checkParts = (within: DatabaseOrTransaction, account: string) => {
    return { db: within, account, providerAccount, fleet: context.fleet, now };
  };
  const announce = (name: string, transaction: DatabaseOrTransaction) =>
    queue.request({ kind: 'deployment', name }, transaction);

  async function wish(
    name: string,
    method: 'scale' | 'undelete',
    wanted: DeploymentWish,
  ): Promise<StoredDeployment> {
    return db.transaction().execute(async (transaction) => {
      const current = requireDeployment(name, await readDeployment(transaction, name, true));
      checkLegal(deployments, method, name, current.resource.state ?? '');
      await checkMaySpend(transaction, current.account, now());
      const changed = await wantOfDeployment(transaction, name, wanted);
      await announce(name, transaction);
      return changed;
    });
  }

  return {
    list: ({ ids, list, query }) => listDeployments(db, ids.account, query.showDeleted === true, list),
    get: async ({ name }) => requireDeployment(name, await readDeployment(db, name)).resource,
    async create({ ids, name: parent, id, resource, query }, { principal }) {
      // Ids begin with a letter; the random part is what the docs show.
      const name = `${parent}/deployments/${id ?? `d${randomBytes(4).toString('hex')}`}`;
      const wanted = { ...resource, name, createdBy: principal.user };
      const drafts = query.disableSpeculativeDecoding !== true;
      const checked = await checkDeployment(checkParts(db, ids.account), wanted, drafts);
      await checkMaySpend(db, ids.account, now());
      if (query.validateOnly === true) return checked;
      const handle = deriveDirectRouteHandle(checked, settings.directDomain);
      return db.transaction().execute(async (transaction) => {
        const made = await insertOne(transaction, ids.account, checked, handle);
        if (query.disableAutoDeploy !== true) await deployBaseModel(transaction, made, principal.user);
        await announce(name, transaction);
        return made;
      });
    },
    update: ({ ids, name, updates }, { ifMatch }) =>
      db.transaction().execute(async (transaction) => {
        const current = requireDeployment(name, await readDeployment(transaction, name, true));
        checkIfMatch(ifMatch, name, current.resource);
        checkLegal(deployments, 'update', name, current.resource.state ?? '');
        const next = changeResource(deployments, current.resource, updates);
        const checked = await checkDeployment(checkParts(transaction, ids.account), next);
        const keyHashes = await hashDirectKeys(transaction, checked);
        const changed = await updateDeployment(transaction, checked, keyHashes);
        await announce(name, transaction);
        return changed.resource;
      }),
    delete: ({ name, query }, { ifMatch }) => deleteOne(context, name, query, ifMatch),
    async scale({ name, body }) {
      const { resource } = requireDeployment(name, await readDeployment(db, name));
      const replicaCount = body.replicaCount ?? 0;
      checkReplicaCount(replicaCount, resource.maxReplicaCount ?? 1);
      await wish(name, 'scale', { kind: 'scale', replicaCount });
      return {};
    },
    async metrics({ name, query }) {
      requireDeployment(name, await readDeployment(db, name));
      return showMetrics(db, name, query.timeRange, now());
    },
    undelete: async ({ name }) => (await wish(name, 'undelete', { kind: 'undelete' })).resource,
  };
}

async function insertOne(
  db: DatabaseOrTransaction,
  account: string,
  checked: DeploymentResource,
  handle: string | null,
): Promise<DeploymentResource> {
  const keyHashes = (await hashDirectKeys(db, checked)) ?? [];
  try {
    return (await insertDeployment(db, account, checked, { handle, keyHashes })).resource;
  } catch (error) {
    if (isDuplicate(error)) throw alreadyExists(checked.name, handle, error);
    throw error;
  }
}

function checkReplicaCount(replicaCount: number, most: number): void {
  if (replicaCount <= most) return;
  const message = `replicaCount ${replicaCount} is above maxReplicaCount ${most}; raise that first`;
  throw new ApiError('INVALID_ARGUMENT', message, [{ field: 'replicaCount', description: message }]);
}

function deleteOne(
  { db, queue, now }: ControlPlaneContext,
  name: string,
  query: { readonly hard?: boolean; readonly ignoreChecks?: boolean },
  ifMatch: string | null,
): Promise<void> {
  return db.transaction().execute(async (transaction) => {
    const current = requireDeployment(name, await readDeployment(transaction, name, true));
    checkIfMatch(ifMatch, name, current.resource);
    if (current.isDeleted) return;
    const blocking = query.ignoreChecks === true ? null : await findBlockingDefault(transaction, name);
    if (blocking !== null) throw defaultInUse(name, blocking);
    const purgeTime = new Date(now() + (query.hard === true ? 0 : undeleteMs));
    await wantOfDeployment(transaction, name, { kind: 'delete', purgeTime });
    await queue.request({ kind: 'deployment', name }, transaction);
  });
}

/** The keys of a direct route as they are stored; null: the request says nothing of them. */
async function hashDirectKeys(
  db: DatabaseOrTransaction,
  { directRouteApiKeys: keys }: DeploymentResource,
): Promise<Buffer[] | null> {
  if (keys === undefined) return null;
  const salt = await readKeySalt(db);
  return keys.map((key) => hashKey(salt, key));
}

/** Account `a-b` with deployment `c` and account `a` with deployment `b-c` would have one host name. */
function alreadyExists(name: string, handle: string | null, error: unknown): ApiError {
  if (!isDuplicate(error, 'deployments_direct_route_handle_key'))
    return new ApiError('ALREADY_EXISTS', `${name} exists already`);
  return new ApiError('ALREADY_EXISTS', `the host name ${handle} is taken; choose another deployment id`);
}

function requireDeployment(name: string, found: StoredDeployment | null): StoredDeployment {
  if (found === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
  return found;
}

function defaultInUse(name: string, model: string): ApiError {
  const message =
    `${name} is the default deployment of ${model}, which is also deployed elsewhere: make another one the default ` +
    '(firectl update deployed-model <id> --default) or delete the others first';
  return new ApiError('FAILED_PRECONDITION', message);
}
