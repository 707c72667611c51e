import { ApiError } from '@sparkler/api';
import type { accounts } from '@sparkler/api/resources';
import { listAccountsOfUser, readAccount } from '../store/accounts.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

export function makeAccountHandlers({ db }: ControlPlaneContext): HandlersOf<typeof accounts> {
  return {
    /** The caller's account, and the others that the same person has a user in. */
    list: ({ list }, { principal }) => listAccountsOfUser(db, principal.user, list),
    async get({ ids, name }) {
      const account = await readAccount(db, ids.account);
      if (account === null) throw new ApiError('NOT_FOUND', `there is no ${name}`);
      return account;
    },
  };
}
