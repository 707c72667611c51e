import { ApiError, type Method } from '@sparkler/api';
import type { Principal } from './principal.ts';

/** Resources of an account that operators manage as its own administrators do. */
const managedByOperators = new Set([
  'accounts',
  'users',
  'apiKeys',
  'sessions',
  'quotas',
  'invoices',
  'payments',
  'auditLogs',
]);

/** Where access is decided by: settings of the server. */
export interface AccessSettings {
  readonly providerAccount: string;
  /** The server's own account: its administrators are operators. */
  readonly operatorAccount: string;
}

/** Whether a caller runs this server. */
export function isOperator({ account, role }: Principal, { operatorAccount }: AccessSettings): boolean {
  return role === 'admin' && account === operatorAccount;
}

/**
 * Throws ApiError (403) unless the caller may use a method on an account. Of other accounts only what is
 * public can be read; which resources are, the handler decides. Methods outside accounts are open to every
 * key. Operators manage money and identities of all accounts, and nothing else of them.
 */
export function checkAccess(
  principal: Principal,
  method: Pick<Method, 'access' | 'permission' | 'httpMethod'>,
  account: string | undefined,
  settings: AccessSettings,
): void {
  checkScope(principal, method);
  const [resource = ''] = method.permission.split('.');
  if (isOperator(principal, settings) && managedByOperators.has(resource)) return;
  if (account !== undefined && account !== principal.account && method.access !== 'public') {
    const advice =
      account === settings.providerAccount ? 'this account is read-only to you' : 'use a key of that account';
    const message = `your key is of account ${principal.account}, this is of ${account}: ${advice}`;
    throw new ApiError('PERMISSION_DENIED', message);
  }
  if (method.access === 'operator') {
    const message = `${method.permission} is for operators: administrators of account ${settings.operatorAccount}`;
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

/** A key that is limited in any way changes nothing: it could make itself one without limits. */
function checkScope(
  { scope }: Principal,
  method: Pick<Method, 'access' | 'permission' | 'httpMethod'>,
): void {
  if (scope === undefined || method.httpMethod === 'GET') return;
  const message = `${method.permission} needs a key without limits; this one is limited to some models or to reading`;
  throw new ApiError('PERMISSION_DENIED', message);
}
