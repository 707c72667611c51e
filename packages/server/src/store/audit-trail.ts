import { randomUUID } from 'node:crypto';
import { sql } from 'kysely';
import type { AuditTrail } from '../http/audit.ts';
import type { Database, DatabaseOrTransaction } from './database.ts';

/** The audit log in the table audit_logs. */
export function createAuditTrail(db: Database): AuditTrail {
  return {
    async begin({ account, method, user, resource, payload }) {
      const id = randomUUID();
      // Within the one statement: every write waits for it.
      const email = sql<string>`coalesce((select nullif(email, '') from users where name = ${user}), ${user})`;
      await db
        .insertInto('audit_logs')
        .values({
          id,
          account,
          method,
          principal: email,
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
          status_message: message.replaceAll('\0', '').toWellFormed(),
          message: '',
          ...(resource === null ? {} : { resource }),
        })
        .where('id', '=', id)
        .execute();
    },
  };
}

/** A change that the server makes by itself, such as a suspension. */
export interface OwnChange {
  readonly account: string;
  readonly method: string;
  readonly resource: string;
  readonly payload: Readonly<Record<string, unknown>>;
}

/** Records a change of the server's own, in the transaction that makes it. */
export async function recordOwnChange(
  db: DatabaseOrTransaction,
  { account, method, resource, payload }: OwnChange,
): Promise<void> {
  await db
    .insertInto('audit_logs')
    .values({
      id: randomUUID(),
      account,
      method,
      principal: 'system',
      resource,
      payload: JSON.stringify(payload),
      status_code: 'OK',
    })
    .execute();
}
