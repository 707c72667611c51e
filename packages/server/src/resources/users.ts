import { ApiError, changeResource, deriveId, invalidField } from '@sparkler/api';
import { users } from '@sparkler/api/resources';
import { checkIfMatch } from '../http/etag.ts';
import type { Database } from '../store/database.ts';
import { isDuplicate, lacksAccount } from '../store/postgres-errors.ts';
import {
  deleteUser,
  insertUser,
  listUsers,
  lockUser,
  readUser,
  type StoredUser,
  updateUser,
} from '../store/users.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

/** Users of an account (spec, "Managing users"). That only administrators change them, the contract says. */
export function makeUserHandlers({ db, keys }: ControlPlaneContext): HandlersOf<typeof users> {
  return {
    list: ({ ids, list }) => listUsers(db, ids.account, list),
    async get({ name }) {
      return requireUser(name, await readUser(db, name));
    },
    async create({ ids, id, resource }) {
      const { role } = resource;
      const user: StoredUser = { ...resource, name: '', role: role ?? 'user' };
      checkKind(user);
      const derived = id ?? deriveId(user.email || user.displayName || '');
      if (derived === '') {
        const message = 'no user id can be derived from the e-mail or the display name; give userId';
        throw invalidField('userId', message);
      }
      return insertWithFreeName(db, ids.account, user, derived, id !== null);
    },
    async update({ ids, name, updates }, caller) {
      const updated = await db.transaction().execute(async (transaction) => {
        const { user: found, hasOtherAdmin } = await lockUser(transaction, ids.account, name);
        const current = requireUser(name, found);
        checkIfMatch(caller.ifMatch, name, current);
        const next = changeResource(users, current, updates);
        if ((next.serviceAccount ?? false) !== (current.serviceAccount ?? false)) {
          const message = 'serviceAccount can not be changed: make another user';
          throw invalidField('serviceAccount', message);
        }
        checkKind(next);
        if (current.role === 'admin' && next.role !== 'admin' && !hasOtherAdmin) throw lastAdmin(name);
        return updateUser(transaction, next).catch((error) => explainDuplicate(error, next));
      });
      // What their keys may do changes at once.
      await keys.refresh?.();
      return updated;
    },
    async delete({ ids, name }, caller) {
      await db.transaction().execute(async (transaction) => {
        const { user: found, hasOtherAdmin } = await lockUser(transaction, ids.account, name);
        const current = requireUser(name, found);
        checkIfMatch(caller.ifMatch, name, current);
        if (current.role === 'admin' && !hasOtherAdmin) throw lastAdmin(name);
        // Their API keys go with them.
        await deleteUser(transaction, name);
      });
      await keys.refresh?.();
    },
  };
}

function requireUser(name: string, user: StoredUser | null): StoredUser {
  if (user === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
  return user;
}

/** People have an e-mail, service users have none. */
function checkKind({ email = '', serviceAccount = false }: StoredUser): void {
  if (serviceAccount) {
    if (email !== '') throw invalidField('email', 'a service account has no e-mail');
    return;
  }
  if (email === '') throw invalidField('email', "missing field 'email' (only a service account has none)");
  if (!/^[^\s@]+@[^\s@.]+(?:\.[^\s@.]+)*$/.test(email)) {
    throw invalidField('email', 'email must be an address such as alice@example.com');
  }
}

/** Ids that callers chose are taken as they are; derived ones get a number when they are taken. */
async function insertWithFreeName(
  db: Database,
  account: string,
  user: StoredUser,
  id: string,
  isChosen: boolean,
): Promise<StoredUser> {
  for (let attempt = 1; ; attempt += 1) {
    const suffix = attempt === 1 ? '' : `-${attempt}`;
    const name = `accounts/${account}/users/${id.slice(0, 63 - suffix.length)}${suffix}`;
    try {
      return await insertUser(db, account, { ...user, name });
    } catch (error) {
      if (lacksAccount(error)) throw new ApiError('NOT_FOUND', `there is no accounts/${account}`);
      if (!isDuplicate(error, 'users_pkey')) return explainDuplicate(error, user);
      if (isChosen || attempt >= 100) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
    }
  }
}

function explainDuplicate(error: unknown, user: StoredUser): never {
  if (!isDuplicate(error, 'users_email')) throw error;
  throw new ApiError('ALREADY_EXISTS', `a user of this account has the e-mail ${user.email} already`);
}

function lastAdmin(name: string): ApiError {
  const message = `${name} is the only administrator of the account; make another user an administrator first`;
  return new ApiError('FAILED_PRECONDITION', message);
}
