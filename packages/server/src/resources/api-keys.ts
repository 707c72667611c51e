import { ApiError, invalidField } from '@sparkler/api';
import type { apiKeys, userApiKeys } from '@sparkler/api/resources';
import type { Principal } from '../http/principal.ts';
import { deleteApiKey, insertApiKey, listApiKeys, type StoredApiKey } from '../store/api-keys.ts';
import { readUser } from '../store/users.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

/**
 * Keys under the account: one's own, administrators see and delete everybody's. A key can do what its user
 * can: the role is looked up with each use of the key, so that a user who loses a role loses it in all keys.
 */
export function makeApiKeyHandlers(context: ControlPlaneContext): HandlersOf<typeof apiKeys> {
  const { db } = context;
  const ownerFor = ({ account, user, role }: Principal) => ({
    account,
    user: role === 'admin' ? null : user,
  });
  return {
    list: ({ list }, { principal }) => listApiKeys(db, ownerFor(principal), list),
    create: ({ resource }, { principal }) => createKey(context, principal.account, principal.user, resource),
    async delete({ body }, { principal }) {
      requireDeleted(await deleteApiKey(db, ownerFor(principal), body.keyId ?? ''), body.keyId);
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
  const settings = { displayName: wanted.displayName || 'default', expireTime };
  const made = await insertApiKey(db, { account, user, email: owner.email ?? '' }, settings);
  // This server's own memory of keys: a caller who uses the key at once should not meet a 401.
  await keys.refresh?.();
  return made;
}
