import { message, text, timestamp } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { freeObject } from '../schema.ts';
import { Status } from './shared-messages.ts';

export const AuditLogEntry = message('AuditLogEntry', {
  id: text(),
  timestamp: timestamp(),
  method: text('Operation, such as createDeployment.'),
  principal: text('E-mail of the user.'),
  resource: text('Name of what was changed.'),
  payload: freeObject(),
  status: Status,
  message: text(),
});

export const auditLogs = defineResource({
  noun: 'auditLog',
  collection: 'auditLogs',
  parent: 'accounts/{account}',
  schema: AuditLogEntry,
  methods: (on) => ({
    list: on.list({
      access: 'admin',
      query: message('ListAuditLogsParameters', {
        startTime: timestamp('From here on.'),
        endTime: timestamp('Before this.'),
        email: text('Of this user only.'),
      }),
    }),
  }),
});
