import { ApiError, invalidField, resolveReference } from '@sparkler/api';
import { type apiKeys, deployments, models, type userApiKeys } from '@sparkler/api/resources';
import type { Principal } from '../http/principal.ts';
import {
  deleteApiKey,
  expireApiKey,
  insertApiKey,
  listApiKeys,
  readKeySettings,
  type StoredApiKey,
} from '../store/api-keys.ts';
import { readUser } from '../store/users.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

/**
 * Keys under the account: one's own, administrators see and delete everybody's. A key can do what its user
 * can: the role is looked up with each use of the key, so that a user who loses a role loses it in all keys.
 */
export function makeApiKeyHandlers(context: ControlPlaneContext): HandlersOf<typeof apiKeys> {
  const { db } = context;
  const ownerFor = (account: string, { user, role }: Principal) => ({
    account,
    user: role === 'admin' ? null : user,
  });
  return {
    list: ({ ids, list }, { principal }) => listApiKeys(db, ownerFor(ids.account, principal), list),
    async create({ ids, resource }, { principal }) {
      if (ids.account !== principal.account) {
        const advice = `name the user: accounts/${ids.account}/users/U/apiKeys`;
        throw new ApiError('FAILED_PRECONDITION', `you are no user of ${ids.account}; ${advice}`);
      }
      return createKey(context, ids.account, principal.user, resource);
    },
    rotate: ({ ids, body }, { principal }) => rotateKey(context, ownerFor(ids.account, principal), body),
    async delete({ ids, body }, { principal }) {
      requireDeleted(await deleteApiKey(db, ownerFor(ids.account, principal), body.keyId ?? ''), body.keyId);
      await context.keys.refresh?.();
      return {};
    },
  };
}

/** Keys under a user: for the user and for administrators, who so give keys to service users. */
export function makeUserApiKeyHandlers(context: ControlPlaneContext): HandlersOf<typeof userApiKeys> {
  const { db } = context;
  return {
    async list({ ids, name, list }, { principal }) {
      checkOwner(name, principal);
      return listApiKeys(db, { account: ids.account, user: name }, list);
    },
    async create({ ids, name, resource }, { principal }) {
      checkOwner(name, principal);
      return createKey(context, ids.account, name, resource);
    },
    async rotate({ ids, name, body }, { principal }) {
      checkOwner(name, principal);
      return rotateKey(context, { account: ids.account, user: name }, body);
    },
    async delete({ ids, name, body }, { principal }) {
      checkOwner(name, principal);
      const owner = { account: ids.account, user: name };
      requireDeleted(await deleteApiKey(db, owner, body.keyId ?? ''), body.keyId);
      await context.keys.refresh?.();
      return {};
    },
  };
}

function checkOwner(user: string, principal: Principal): void {
  if (user === principal.user || principal.role === 'admin') return;
  throw new ApiError('PERMISSION_DENIED', `the keys of ${user} are theirs and the administrators'`);
}

function requireDeleted(deleted: boolean, keyId: string | undefined): void {
  if (!deleted) throw new ApiError('NOT_FOUND', `there is no key ${keyId} that you may delete`);
}

async function createKey(
  { db, keys, now }: ControlPlaneContext,
  account: string,
  user: string,
  wanted: StoredApiKey,
): Promise<StoredApiKey> {
  const owner = await readUser(db, user);
  if (owner === null) throw new ApiError('NOT_FOUND', `there is no ${user}`);
  const expireTime = wanted.expireTime === undefined ? null : new Date(wanted.expireTime);
  if (expireTime !== null && !(expireTime.getTime() > now())) {
    throw invalidField('apiKey.expireTime', 'expireTime must be a time in the future');
  }
  const settings = {
    displayName: wanted.displayName || 'default',
    expireTime,
    models: readNames('models', models.pattern, wanted.models, account),
    deployments: readNames('deployments', deployments.pattern, wanted.deployments, account),
    isReadOnly: wanted.readOnly ?? false,
  };
  const made = await insertApiKey(db, { account, user, email: owner.email ?? '' }, settings);
  // This server's own memory of keys: a caller who uses the key at once should not meet a 401.
  await keys.refresh?.();
  return made;
}

/** Full names of what a key is limited to; null: it is not. */
function readNames(
  field: string,
  pattern: string,
  references: readonly string[] | undefined,
  account: string,
): string[] | null {
  if (references === undefined || references.length === 0) return null;
  return references.map((reference) => {
    const name = resolveReference(pattern, reference, account);
    if (name === null)
      throw invalidField(`apiKey.${field}`, `'${reference}' is not a name such as ${pattern}`);
    return name;
  });
}

/** The old key works on for this long. */
const overlapDefaultSeconds = 86_400;

/**
 * A new key with the settings of another, which ends after the overlap: nothing that uses it breaks
 * meanwhile.
 */
async function rotateKey(
  { db, keys, now }: ControlPlaneContext,
  owner: { readonly account: string; readonly user: string | null },
  { keyId = '', overlap }: { readonly keyId?: string; readonly overlap?: string },
): Promise<StoredApiKey> {
  const made = await db.transaction().execute(async (transaction) => {
    const old = await readKeySettings(transaction, owner, keyId);
    if (old === null) throw new ApiError('NOT_FOUND', `there is no key ${keyId} that you may rotate`);
    const user = await readUser(transaction, old.user);
    const holder = { account: owner.account, user: old.user, email: user?.email ?? '' };
    const seconds = overlap ? Number.parseFloat(overlap) : overlapDefaultSeconds;
    await expireApiKey(transaction, keyId, new Date(now() + seconds * 1000));
    return insertApiKey(transaction, holder, old);
  });
  await keys.refresh?.();
  return made;
}
