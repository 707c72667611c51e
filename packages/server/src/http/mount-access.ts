import { ApiError, type Method } from '@sparkler/api';
import type { Principal } from './principal.ts';

/**
 * Throws ApiError (403) unless the caller may use a method on an account. Of other accounts only what is
 * public can be read; which resources are, the handler decides. Methods outside accounts are open to every
 * key.
 */
export function checkAccess(
  principal: Principal,
  method: Pick<Method, 'access' | 'permission'>,
  account: string | undefined,
  providerAccount: string,
): void {
  if (account !== undefined && account !== principal.account && method.access !== 'public') {
    const advice =
      account === providerAccount ? 'this account is read-only to you' : 'use a key of that account';
    const message = `your key is of account ${principal.account}, this is of ${account}: ${advice}`;
    throw new ApiError('PERMISSION_DENIED', message);
  }
  if (method.access === 'write' && principal.role === 'inference-user') {
    const message = `${method.permission} changes things, and the role inference-user may only run inference`;
    throw new ApiError('PERMISSION_DENIED', message);
  }
  if (method.access === 'admin' && principal.role !== 'admin') {
    const message = `${method.permission} is for administrators of account ${principal.account}; ask one of them`;
    throw new ApiError('PERMISSION_DENIED', message);
  }
}
