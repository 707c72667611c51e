import {
  ApiError,
  InferenceError,
  isInferenceErrorStatus,
  toApiErrorBody,
  toInferenceErrorBody,
} from '@sparkler/api';

/** A failure as it goes out: status, headers of its own and JSON body. */
export interface ErrorReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: object;
}

/** Whether a path belongs to the control plane; everything else speaks the data plane's error bodies. */
export function isControlPlane(path: string): boolean {
  const prefixes = ['/v1/accounts', '/v1/validateModelConfig', '/blobs/'];
  return prefixes.some((prefix) => path.startsWith(prefix));
}

/**
 * The reply for anything thrown while serving `path`, in the error shape of its plane. Values that are not
 * one of our errors become a 500 without details: those are for the log.
 */
export function toErrorReply(path: string, thrown: unknown, requestId: string): ErrorReply {
  const headers: Record<string, string> = {};
  if (thrown instanceof ApiError && isControlPlane(path)) {
    return { status: thrown.httpStatus, headers, body: toApiErrorBody(thrown) };
  }
  const error = toInferenceError(thrown);
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
  const body = isControlPlane(path) ? toStatusBody(error) : toInferenceErrorBody(error, requestId);
  return { status: error.status, headers, body };
}

/** Whether a thrown value is a failure that we meant, as opposed to a bug. */
export function isExpected(thrown: unknown): boolean {
  if (thrown instanceof InferenceError || thrown instanceof ApiError) return true;
  const status = statusOf(thrown);
  return status !== null && status < 500;
}

/** An InferenceError for any thrown value: ours as they are, Fastify's own by their status. */
export function toInferenceError(thrown: unknown): InferenceError {
  if (thrown instanceof InferenceError) return thrown;
  const status = thrown instanceof ApiError ? thrown.httpStatus : statusOf(thrown);
  if (status === null || status >= 500) {
    const message = 'the server failed on this request; look for the request id in the server log';
    return new InferenceError(500, message, { cause: thrown });
  }
  const message = thrown instanceof Error ? thrown.message : 'the request could not be read';
  return new InferenceError(isInferenceErrorStatus(status) ? status : 400, message, { cause: thrown });
}

/** google.rpc codes for statuses that the HTTP layer itself answers with on the control plane. */
const rpcCodes: Readonly<Record<number, number>> = {
  400: 3,
  401: 16,
  403: 7,
  404: 5,
  405: 12,
  408: 4,
  413: 3,
  429: 8,
  503: 14,
};

function toStatusBody(error: InferenceError): object {
  return { code: rpcCodes[error.status] ?? 13, message: error.message, details: [] };
}

function statusOf(thrown: unknown): number | null {
  if (typeof thrown !== 'object' || thrown === null || !('statusCode' in thrown)) return null;
  return typeof thrown.statusCode === 'number' ? thrown.statusCode : null;
}
