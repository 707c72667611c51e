import { ApiError, changeResource, invalidField } from '@sparkler/api';
import { accounts } from '@sparkler/api/resources';
import { checkIfMatch } from '../http/etag.ts';
import { listAccountsOfUser, readAccount, type StoredAccount, updateAccount } from '../store/accounts.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

export function makeAccountHandlers({ db, keys }: ControlPlaneContext): HandlersOf<typeof accounts> {
  async function find(id: string, name: string): Promise<StoredAccount & { readonly name: string }> {
    const account = await readAccount(db, id);
    if (account === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
    return { ...account, name };
  }
  return {
    /** The caller's account, and the others that the same person has a user in. */
    list: ({ list }, { principal }) => listAccountsOfUser(db, principal.user, list),
    get: ({ ids, name }) => find(ids.account, name),
    async update({ ids, name, updates }, { ifMatch }) {
      const current = await find(ids.account, name);
      checkIfMatch(ifMatch, name, current);
      const next = changeResource(accounts, current, updates);
      if (next.accountType !== current.accountType) {
        throw invalidField('accountType', "accountType is set by the server's administrator");
      }
      const updated = await updateAccount(db, next);
      // How its requests are served changes at once here; other servers hear of it by a notice.
      await keys.refresh?.();
      return updated;
    },
  };
}
