import type { Principal } from '../http/principal.ts';
import type { UserRole } from './schema.ts';

/** What is read of a user and their account to know what they may do. */
export interface PrincipalRow {
  readonly account: string;
  readonly user_name: string;
  readonly role: UserRole;
  readonly is_service_account: boolean;
  readonly stop_text: string;
  readonly log_requests: boolean;
}

/** A caller without limits beyond the role; `apiKeyId` says what usage is counted under. */
export function toPrincipal(row: PrincipalRow, apiKeyId: string): Principal {
  return {
    account: row.account,
    user: row.user_name,
    role: row.role,
    apiKeyId,
    isServiceAccount: row.is_service_account,
    excludeStop: row.stop_text === 'STOP_TEXT_UNSPECIFIED' ? null : row.stop_text === 'EXCLUDED',
    logsRequests: row.log_requests,
  };
}
