/**
 * Errors of the data plane. Statuses and names are the specification's table "Inference errors"; the types
 * are the ones OpenAI's clients know.
 */
const table = {
  400: { code: 'BAD_REQUEST', type: 'invalid_request_error' },
  401: { code: 'UNAUTHORIZED', type: 'authentication_error' },
  402: { code: 'PAYMENT_REQUIRED', type: 'insufficient_quota' },
  403: { code: 'FORBIDDEN', type: 'permission_error' },
  404: { code: 'NOT_FOUND', type: 'not_found_error' },
  405: { code: 'METHOD_NOT_ALLOWED', type: 'invalid_request_error' },
  408: { code: 'REQUEST_TIMEOUT', type: 'timeout_error' },
  412: { code: 'PRECONDITION_FAILED', type: 'failed_precondition_error' },
  413: { code: 'PAYLOAD_TOO_LARGE', type: 'invalid_request_error' },
  429: { code: 'OVER_QUOTA', type: 'rate_limit_error' },
  500: { code: 'INTERNAL_SERVER_ERROR', type: 'server_error' },
  502: { code: 'BAD_GATEWAY', type: 'server_error' },
  503: { code: 'SERVICE_UNAVAILABLE', type: 'server_error' },
  504: { code: 'GATEWAY_TIMEOUT', type: 'server_error' },
  520: { code: 'UNKNOWN_ERROR', type: 'server_error' },
} as const;

export type InferenceErrorStatus = keyof typeof table;
export type InferenceErrorType = (typeof table)[InferenceErrorStatus]['type'];

export const inferenceErrorTable: Readonly<
  Record<InferenceErrorStatus, { readonly code: string; readonly type: InferenceErrorType }>
> = table;

export interface InferenceErrorDetails {
  /** Field of the request that is wrong, such as `messages[2].role`. */
  readonly param?: string | null;
  /** A code more exact than the status's own, such as `CONTEXT_LENGTH_EXCEEDED`. */
  readonly code?: string;
  /** Seconds after which a retry makes sense; becomes the Retry-After header. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** The body of every failed data-plane request. */
export interface InferenceErrorBody {
  error: {
    object: 'error';
    type: string;
    code: string;
    message: string;
    param: string | null;
  };
  request_id?: string;
}

/** A data-plane request that fails: what was wrong, where, and what to do next, for the caller to read. */
export class InferenceError extends Error {
  readonly status: InferenceErrorStatus;
  readonly type: InferenceErrorType;
  readonly code: string;
  readonly param: string | null;
  readonly retryAfterSeconds: number | undefined;

  constructor(status: InferenceErrorStatus, message: string, details: InferenceErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'InferenceError';
    this.status = status;
    this.type = table[status].type;
    this.code = details.code ?? table[status].code;
    this.param = details.param ?? null;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

/** The wire form of an error. */
export function toInferenceErrorBody(error: InferenceError, requestId?: string): InferenceErrorBody {
  const { type, code, message, param } = error;
  const body: InferenceErrorBody = { error: { object: 'error', type, code, message, param } };
  if (requestId !== undefined) body.request_id = requestId;
  return body;
}

/** Whether a status is one this plane answers with; others (of an upstream) become 502 or 520. */
export function isInferenceErrorStatus(status: number): status is InferenceErrorStatus {
  return Object.hasOwn(table, status);
}
