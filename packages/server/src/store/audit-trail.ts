import { randomUUID } from 'node:crypto';
import type { AuditTrail } from '../http/audit.ts';
import type { Database } from './database.ts';

/** The audit log in the table audit_logs. */
export function createAuditTrail(db: Database): AuditTrail {
  return {
    async begin({ account, method, user, resource, payload }) {
      const row = await db.selectFrom('users').select('email').where('name', '=', user).executeTakeFirst();
      const id = randomUUID();
      await db
        .insertInto('audit_logs')
        .values({
          id,
          account,
          method,
          principal: row?.email || user,
          resource,
          payload: JSON.stringify(payload),
          message: 'begun; no outcome was recorded',
        })
        .execute();
      return id;
    },
    async complete(id, { code, message, resource }) {
      await db
        .updateTable('audit_logs')
        .set({
          status_code: code,
          status_message: message.replaceAll('\0', ''),
          message: '',
          ...(resource === null ? {} : { resource }),
        })
        .where('id', '=', id)
        .execute();
    },
  };
}
