import { ApiError, changeResource, invalidField } from '@sparkler/api';
import { accounts } from '@sparkler/api/resources';
import { reviewAccounts } from '../billing/review-accounts.ts';
import { checkIfMatch } from '../http/etag.ts';
import { isOperator } from '../http/mount-access.ts';
import {
  listAccountsOfUser,
  lockAccount,
  readAccount,
  type StoredAccount,
  updateAccount,
} from '../store/accounts.ts';
import { makeAccountAdminHandlers } from './billing/account-admin-handlers.ts';
import { makeAccountMoneyHandlers } from './billing/account-money-handlers.ts';
import { makeUsageHandlers } from './billing/usage-handlers.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import { makeGatewayHandlers } from './gateway-handlers.ts';
import type { HandlersOf } from './handler.ts';
import { makeListHostsHandler } from './list-hosts.ts';

/** What accounts can not give themselves. */
const operatorFields = ['accountType', 'tier', 'paymentMethod'] as const;

export function makeAccountHandlers(context: ControlPlaneContext): HandlersOf<typeof accounts> {
  const { db, keys } = context;
  async function find(id: string, name: string): Promise<StoredAccount & { readonly name: string }> {
    const account = await readAccount(db, id);
    if (account === null) throw missing(name);
    return { ...account, name };
  }
  return {
    ...makeAccountAdminHandlers(context),
    ...makeAccountMoneyHandlers(context),
    ...makeUsageHandlers(context),
    ...makeListHostsHandler(context),
    ...makeGatewayHandlers(context),
    /** The caller's account, and the others that the same person has a user in; operators see all. */
    list: ({ list }, { principal }) =>
      listAccountsOfUser(db, isOperator(principal, context.settings) ? null : principal.user, list),
    get: ({ ids, name }) => find(ids.account, name),
    async update({ ids, name, updates }, { ifMatch, principal }) {
      await db.transaction().execute(async (transaction) => {
        const account = await lockAccount(transaction, ids.account);
        if (account === null) throw missing(name);
        const current = { ...account, name };
        checkIfMatch(ifMatch, name, current);
        const next = changeResource(accounts, current, updates);
        for (const field of operatorFields) {
          if (next[field] !== current[field] && !isOperator(principal, context.settings)) {
            throw invalidField(field, `${field} is set by the server's administrator`);
          }
        }
        await updateAccount(transaction, next);
      });
      // How its requests are served changes at once here; other servers hear of it by a notice.
      await reviewAccounts(context, ids.account);
      await keys.refresh?.();
      return find(ids.account, name);
    },
  };
}

function missing(name: string): ApiError {
  return new ApiError('NOT_FOUND', `there is no ${name}`);
}
