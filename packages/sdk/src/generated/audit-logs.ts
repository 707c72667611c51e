// Generated from packages/api by `npm run generate`. Do not edit.
import type { CallOptions, Query } from '../core/http-client.ts';
import type { PagePromise } from '../core/page.ts';
import type { ListParameters, ResourceClient } from '../core/resource-client.ts';

export interface AuditLogEntry {
  readonly id: string;
  readonly timestamp: string | null;
  /** Operation, such as createDeployment. */
  readonly method: string;
  /** E-mail of the user. */
  readonly principal: string;
  /** Name of what was changed. */
  readonly resource: string;
  readonly payload: Readonly<Record<string, unknown>>;
  readonly status: Status | null;
  readonly message: string;
}

export interface Status {
  readonly code: 'OK' | 'CANCELLED' | 'UNKNOWN' | 'INVALID_ARGUMENT' | 'DEADLINE_EXCEEDED' | 'NOT_FOUND' | 'ALREADY_EXISTS' | 'PERMISSION_DENIED' | 'UNAUTHENTICATED' | 'RESOURCE_EXHAUSTED' | 'FAILED_PRECONDITION' | 'ABORTED' | 'OUT_OF_RANGE' | 'UNIMPLEMENTED' | 'INTERNAL' | 'UNAVAILABLE' | 'DATA_LOSS';
  readonly message: string;
}

/** Audit logs: `accounts/{account}/auditLogs/{auditLog}`. */
export class AuditLogs {
  readonly #client: ResourceClient;

  constructor(client: ResourceClient) {
    this.#client = client;
  }

  /** List audit logs. GET /v1/accounts/{account}/auditLogs */
  list(parameters: ListParameters & { startTime?: string | undefined; endTime?: string | undefined; email?: string | undefined } = {}, options?: CallOptions): PagePromise<AuditLogEntry> {
    const collection = { path: 'auditLogs', key: 'auditLogs' };
    return this.#client.list('accounts/{account}', collection, parameters as ListParameters & Query, options);
  }
}
