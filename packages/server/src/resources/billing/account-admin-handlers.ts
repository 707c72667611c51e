import { ApiError, checkResourceId, deriveId, invalidField } from '@sparkler/api';
import type { accounts } from '@sparkler/api/resources';
import { recordPayment } from '../../billing/record-payment.ts';
import { reviewAccounts } from '../../billing/review-accounts.ts';
import { parseUsd } from '../../ledger/money.ts';
import { insertAccount, readAccount, type StoredAccount, writeBlocked } from '../../store/accounts.ts';
import { isDuplicate } from '../../store/postgres-errors.ts';
import type { ControlPlaneContext } from '../control-plane-context.ts';
import type { HandlersOf } from '../handler.ts';

type AdminHandlers = Required<Pick<HandlersOf<typeof accounts>, 'create' | 'block' | 'unblock'>>;

/** New users get a little credit to begin with (spec, "Cost structure"). */
const firstCreditUsd = '1';

/** What operators do with accounts. */
export function makeAccountAdminHandlers(context: ControlPlaneContext): AdminHandlers {
  const { db } = context;
  return {
    async create({ id, resource, query }) {
      const accountId = checkResourceId(id ?? deriveId(resource.email ?? ''), 'accountId');
      if (!resource.email) throw invalidField('email', "missing field 'email': the owner of the account");
      const name = `accounts/${accountId}`;
      const creditNanos = parseUsd(query.creditUsd || firstCreditUsd);
      if (creditNanos < 0n) throw invalidField('creditUsd', 'creditUsd must not be below 0');
      const paymentMethod = resource.paymentMethod ?? 'NONE';
      await insertAccount(db, { ...resource, name, paymentMethod }).catch((error) => {
        if (isDuplicate(error)) throw new ApiError('ALREADY_EXISTS', `${name} exists already`);
        throw error;
      });
      if (creditNanos > 0n) await grantFirstCredit(context, accountId, creditNanos);
      await reviewAccounts(context, accountId);
      await context.keys.refresh?.();
      return requireAccount(db, accountId);
    },
    block: ({ ids }) => setBlocked(context, ids.account, true),
    unblock: ({ ids }) => setBlocked(context, ids.account, false),
  };
}

function grantFirstCredit(context: ControlPlaneContext, account: string, amountNanos: bigint) {
  return recordPayment(context, {
    account,
    id: 'first-credit',
    kind: 'grant',
    state: 'SUCCEEDED',
    amountNanos,
    provider: 'credit',
    description: 'credit to begin with',
    failedInvoice: null,
  });
}

async function setBlocked(
  context: ControlPlaneContext,
  account: string,
  isBlocked: boolean,
): Promise<StoredAccount> {
  const { db, queue } = context;
  const current = await requireAccount(db, account);
  if (current.paymentMethod === 'HOUSE') {
    throw new ApiError('FAILED_PRECONDITION', `${current.name} is the operator's own; it can not be blocked`);
  }
  await writeBlocked(db, queue, account, isBlocked);
  // What else holds it back shows once the block is gone.
  await reviewAccounts(context, account);
  await context.keys.refresh?.();
  return requireAccount(db, account);
}

async function requireAccount(db: ControlPlaneContext['db'], account: string): Promise<StoredAccount> {
  const found = await readAccount(db, account);
  if (found === null) throw new ApiError('NOT_FOUND', `there is no accounts/${account}`);
  return found;
}
