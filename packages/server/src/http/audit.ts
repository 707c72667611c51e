import { ApiError, InferenceError, type Method, type PlainSchema, plain, type RpcCode } from '@sparkler/api';
import type { FastifyRequest } from 'fastify';
import type { Principal } from './principal.ts';

/** A write about to happen. */
export interface AuditEntry {
  readonly account: string;
  /** Operation, such as createDeployment. */
  readonly method: string;
  /** Who does it: accounts/A/users/U. */
  readonly user: string;
  /** Name of the resource, or of the parent of one to be made. */
  readonly resource: string;
  readonly payload: Record<string, unknown>;
}

export interface AuditOutcome {
  readonly code: RpcCode | 'OK';
  readonly message: string;
  /** Name of what was made, when the server chose it. */
  readonly resource: string | null;
}

/** Where writes are recorded. */
export interface AuditTrail {
  /** Records that a write begins; the entry stands even if the server dies before `complete`. */
  begin(entry: AuditEntry): Promise<string>;
  complete(id: string, outcome: AuditOutcome): Promise<void>;
}

/** Longest text of a request that is kept; anything longer is content rather than a setting. */
const TEXT_LENGTH_MAX = 256;
/** Deeper than any schema. */
const DEPTH_MAX = 16;
/** Fields that hold examples, prompts or programs. */
const CONTENT_FIELDS: ReadonlySet<string> = new Set(['sampleData', 'template', 'system', 'configJson']);

/** Whether a method changes something. */
export function isWrite(method: Method): boolean {
  return (
    method.kind !== 'list' &&
    method.kind !== 'get' &&
    (method.access === 'write' || method.access === 'admin' || method.access === 'operator') &&
    method.httpMethod !== 'GET'
  );
}

/** Where a request came from, and by what it was known. */
export function describeCallerOf(request: FastifyRequest, principal: Principal) {
  return {
    requestId: request.id,
    from: request.ip,
    userAgent: (request.headers['user-agent'] ?? '').slice(0, TEXT_LENGTH_MAX),
    ...(principal.session === undefined ? { apiKeyId: principal.apiKeyId } : { session: principal.session }),
  };
}

/** What of a request is recorded. */
export function describeRequest(request: FastifyRequest, method: Method, principal: Principal) {
  const body = method.kind === 'verb' && method.fileField !== null ? undefined : request.body;
  const schema =
    'body' in method && method.body !== null ? method.body : 'resource' in method ? method.resource : null;
  return {
    ...describeCallerOf(request, principal),
    query: shorten(request.query, {}),
    ...(body === undefined || body === null || schema === null ? {} : { body: shorten(body, plain(schema)) }),
  };
}

/** How a failed write is recorded. */
export function describeFailure(error: unknown): AuditOutcome {
  const message = error instanceof Error ? error.message.slice(0, 1024) : 'unknown fault';
  if (error instanceof ApiError) return { code: error.code, message, resource: null };
  // The text of unexpected errors may hold anything.
  const isOurs = error instanceof InferenceError;
  return {
    code: isOurs ? 'INVALID_ARGUMENT' : 'INTERNAL',
    message: isOurs ? message : 'internal error',
    resource: null,
  };
}

/** Postgres holds neither NUL nor half of a surrogate pair. */
function toStorable(text: string): string {
  return text.replaceAll('\0', '').toWellFormed();
}

/** A copy without secrets and without long or sensitive content; numbers, flags and short texts stay. */
function shorten(value: unknown, schema: PlainSchema, depth = 0): unknown {
  if (typeof value === 'string') {
    return value.length > TEXT_LENGTH_MAX ? `(${value.length} characters)` : toStorable(value);
  }
  if (depth === DEPTH_MAX) return '(nested deeper)';
  if (Array.isArray(value))
    return value.slice(0, 100).map((item) => shorten(item, schema.items ?? {}, depth + 1));
  if (typeof value !== 'object' || value === null) return value;
  const [mapValue] = Object.values(schema.patternProperties ?? {});
  const entries = Object.entries(value)
    .slice(0, 200)
    .map(([key, item]): [string, unknown] => {
      const inner = (Object.hasOwn(schema.properties ?? {}, key) ? schema.properties?.[key] : mapValue) ?? {};
      const isHidden = inner['x-access'] === 'secret' || CONTENT_FIELDS.has(key);
      return [toStorable(key), isHidden ? '(left out)' : shorten(item, inner, depth + 1)];
    });
  return Object.fromEntries(entries);
}
