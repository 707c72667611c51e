import type { auditLogs } from '@sparkler/api/resources';
import { listAuditLogs } from '../store/audit-logs.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import type { HandlersOf } from './handler.ts';

/** What was changed in the account, by whom, when and from where. Entries are never changed or deleted. */
export function makeAuditLogHandlers({ db }: ControlPlaneContext): HandlersOf<typeof auditLogs> {
  const toDate = (time: string | undefined) => (time === undefined || time === '' ? null : new Date(time));
  return {
    list({ ids, list, query }) {
      const { startTime, endTime, email = '' } = query;
      return listAuditLogs(
        db,
        ids.account,
        { startTime: toDate(startTime), endTime: toDate(endTime), email },
        list,
      );
    },
  };
}
