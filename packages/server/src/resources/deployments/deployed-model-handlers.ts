import { ApiError, changeResource, invalidField, resolveReference } from '@sparkler/api';
import { deployedModels, deployments, models } from '@sparkler/api/resources';
import { checkIfMatch } from '../../http/etag.ts';
import { planQuota, quotaRules } from '../../ledger/quotas.ts';
import { readSetQuotas } from '../../store/account-quotas.ts';
import type { DatabaseOrTransaction } from '../../store/database.ts';
import {
  countAdapters,
  type DeployedModelResource,
  findServerless,
  insertDeployedModel,
  listDeployedModels,
  lockDeployedModel,
  readDeployedModel,
  undeployModel,
  updateDeployedModel,
} from '../../store/deployed-models.ts';
import { readDeployment } from '../../store/deployments.ts';
import { readModel, type StoredModel } from '../../store/models.ts';
import { isDuplicate } from '../../store/postgres-errors.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';

/**
 * Loading models onto deployments: LoRA addons onto shared or own ones, and which one answers to a plain
 * name.
 */
export function makeDeployedModelHandlers({
  db,
  queue,
  settings,
}: ControlPlaneContext): HandlersOf<typeof deployedModels> {
  const { providerAccount } = settings;
  const announce = (name: string, transaction: DatabaseOrTransaction) =>
    queue.request({ kind: 'deployed-model', name }, transaction);
  return {
    list: ({ ids, list }) => listDeployedModels(db, ids.account, list),
    get: async ({ name }) => requireOne(name, await readDeployedModel(db, name)),
    create: ({ ids, resource, query }, { principal }) => {
      checkPlace(resource, query.replaceMergedAddon === true);
      return db.transaction().execute(async (transaction) => {
        const model = await findModel(transaction, ids.account, providerAccount, resource.model ?? '');
        const place = await findPlace(transaction, ids.account, providerAccount, model, resource.deployment);
        const isAddon = model.resource.kind === 'HF_PEFT_ADDON';
        if (isAddon) await refuseTooMany(transaction, ids.account);
        const made = await insertDeployedModel(transaction, {
          account: ids.account,
          model: model.resource.name,
          deployment: place,
          displayName: resource.displayName ?? '',
          description: resource.description ?? '',
          isPublic: resource.public ?? false,
          createdBy: principal.user,
          adapter: isAddon ? model.resource.name : null,
        }).catch((error) => {
          if (isDuplicate(error))
            throw new ApiError('ALREADY_EXISTS', `${model.resource.name} is on ${place} already`);
          throw error;
        });
        await announce(made.name, transaction);
        return made;
      });
    },
    update: ({ name, updates }, { ifMatch }) =>
      db.transaction().execute(async (transaction) => {
        const current = requireOne(name, await lockDeployedModel(transaction, name));
        checkIfMatch(ifMatch, name, current);
        const next = changeResource(deployedModels, current, updates);
        if (current.default === true && next.default !== true) {
          throw invalidField('default', 'make another deployed model the default instead');
        }
        return updateDeployedModel(transaction, next);
      }),
    delete: ({ name }, { ifMatch }) =>
      db.transaction().execute(async (transaction) => {
        checkIfMatch(ifMatch, name, requireOne(name, await lockDeployedModel(transaction, name)));
        await undeployModel(transaction, name);
        await announce(name, transaction);
      }),
  };
}

/** Addons of an account over serverless and its own deployments (spec, "Rate limits … and quotas"). */
async function refuseTooMany(transaction: DatabaseOrTransaction, account: string): Promise<void> {
  const loaded = await countAdapters(transaction, account);
  const quota = (await readSetQuotas(transaction, account)).get(account)?.get('deployed-loras');
  const { value } = planQuota(quotaRules['deployed-loras'].most, quota);
  if (loaded < value) return;
  throw new ApiError(
    'RESOURCE_EXHAUSTED',
    `the account has at most ${value} LoRA addons loaded (quota deployed-loras); unload one`,
  );
}

/** What would otherwise be taken for something that it is not. Throws ApiError (400). */
function checkPlace(
  { serverless, deployment }: Partial<DeployedModelResource>,
  replacesMerged: boolean,
): void {
  if (replacesMerged) {
    const message =
      'no addon is merged into a running deployment here: merge it with a PeftMergeJob, and deploy the model';
    throw invalidField('replaceMergedAddon', message);
  }
  if (serverless === true && deployment) {
    throw invalidField(
      'serverless',
      `serverless means a shared deployment: leave out serverless or ${deployment}`,
    );
  }
}

async function findModel(
  db: DatabaseOrTransaction,
  account: string,
  providerAccount: string,
  reference: string,
): Promise<StoredModel> {
  for (const owner of [account, providerAccount]) {
    const name = resolveReference(models.pattern, reference, owner);
    const found = name === null ? null : await readModel(db, name);
    if (found === null || (found.account !== account && found.resource.public !== true)) continue;
    if (found.resource.state !== 'READY') {
      throw new ApiError(
        'FAILED_PRECONDITION',
        `${name} is ${found.resource.state}: finish its upload first`,
      );
    }
    return found;
  }
  throw new ApiError('NOT_FOUND', `model: no model '${reference}' that this account can deploy`);
}

/** The deployment to load onto: the one named, or a shared one of the addon's base model. */
async function findPlace(
  db: DatabaseOrTransaction,
  account: string,
  providerAccount: string,
  model: StoredModel,
  reference: string | undefined,
): Promise<string> {
  const base =
    model.resource.kind === 'HF_PEFT_ADDON' ? model.resource.peftDetails?.baseModel : model.resource.name;
  if (!reference) {
    const shared = await findServerless(db, providerAccount, base ?? '');
    if (shared !== null) return shared;
    const message = `no serverless deployment serves ${base}; create a deployment of it and load the addon there`;
    throw new ApiError('FAILED_PRECONDITION', message);
  }
  const name = resolveReference(deployments.pattern, reference, account);
  const found = name === null ? null : await readDeployment(db, name);
  if (found === null || found.account !== account || found.isDeleted) {
    throw new ApiError('NOT_FOUND', `deployment: no deployment '${reference}' of this account`);
  }
  if (found.resource.baseModel !== base) {
    throw invalidField(
      'deployment',
      `${name} serves ${found.resource.baseModel}, but ${model.resource.name} needs ${base}`,
    );
  }
  if (model.resource.kind === 'HF_PEFT_ADDON' && found.resource.enableAddons !== true) {
    throw new ApiError(
      'FAILED_PRECONDITION',
      `${name} takes no addons: firectl update deployment ${reference} --enable-addons`,
    );
  }
  return found.resource.name;
}

function requireOne(name: string, found: DeployedModelResource | null): DeployedModelResource {
  if (found === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
  return found;
}
