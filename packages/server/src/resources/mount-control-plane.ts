import { accounts, apiKeys, auditLogs, models, userApiKeys, users } from '@sparkler/api/resources';
import type { FastifyInstance } from 'fastify';
import { mountResource } from '../http/mount.ts';
import { makeAccountHandlers } from './accounts.ts';
import { makeApiKeyHandlers, makeUserApiKeyHandlers } from './api-keys.ts';
import { makeAuditLogHandlers } from './audit-logs.ts';
import type { ControlPlaneContext } from './control-plane-context.ts';
import { makeModelHandlers } from './models/handlers.ts';
import { makeUserHandlers } from './users.ts';

/** Mounts the control plane: every resource that this server has handlers for. One line a resource. */
export function mountControlPlane(app: FastifyInstance, context: ControlPlaneContext): void {
  mountResource(app, context, accounts, makeAccountHandlers(context));
  mountResource(app, context, users, makeUserHandlers(context));
  mountResource(app, context, apiKeys, makeApiKeyHandlers(context));
  mountResource(app, context, userApiKeys, makeUserApiKeyHandlers(context));
  mountResource(app, context, auditLogs, makeAuditLogHandlers(context));
  mountResource(app, context, models, makeModelHandlers(context));
}
