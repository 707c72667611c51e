/**
 * What can go wrong with a call: one class a kind, so that `catch` can tell them apart without string
 * matching.
 */

/** Base of every error this package throws. */
export class FireworksError extends Error {
  override name = 'FireworksError';
}

/** No answer came: DNS, refused or broken connection. The cause is kept. */
export class ConnectionError extends FireworksError {
  override name = 'ConnectionError';
}

/** The time limit of the call passed before the answer was complete. */
export class TimeoutError extends ConnectionError {
  override name = 'TimeoutError';
}

/** The caller aborted. */
export class AbortedError extends FireworksError {
  override name = 'AbortedError';
}

/** What the server said, as far as it could be read. */
export interface ApiErrorBody {
  readonly message: string;
  /** Data plane: a word such as NOT_FOUND. Control plane: the google.rpc number. */
  readonly code: string | number | null;
  readonly type: string | null;
  /** The request field at fault. */
  readonly param: string | null;
  /** Control plane: field violations and the like. */
  readonly details: readonly unknown[];
}

/** The server answered with an error status, or sent an error event in mid-stream. */
export class ApiError extends FireworksError {
  override name = 'ApiError';
  /** HTTP status; null for an error event inside a stream. */
  readonly status: number | null;
  readonly body: ApiErrorBody;
  /** x-request-id of the answer: name it when asking an operator. */
  readonly requestId: string | null;
  readonly headers: Headers | null;

  constructor(status: number | null, body: ApiErrorBody, requestId: string | null, headers: Headers | null) {
    const prefix = status === null ? '' : `${status} `;
    const suffix = requestId === null ? '' : ` (request ${requestId})`;
    super(`${prefix}${body.message}${suffix}`);
    this.status = status;
    this.body = body;
    this.requestId = requestId;
    this.headers = headers;
  }
}

/**
 * 400, 404, 405, 409, 412, 413, 422: the request itself is at fault; some have a class of their own below.
 */
export class InvalidRequestError extends ApiError {
  override name = 'InvalidRequestError';
}
/** 404. */
export class NotFoundError extends InvalidRequestError {
  override name = 'NotFoundError';
}
/** 409: the resource exists already or was changed by somebody else. */
export class ConflictError extends InvalidRequestError {
  override name = 'ConflictError';
}
/** 412: an adapter that failed to load, or a suspended account. */
export class PreconditionFailedError extends InvalidRequestError {
  override name = 'PreconditionFailedError';
}
/** 401. */
export class AuthenticationError extends ApiError {
  override name = 'AuthenticationError';
}
/** 402: no credit, or the spend limit is reached. */
export class PaymentRequiredError extends ApiError {
  override name = 'PaymentRequiredError';
}
/** 403: not allowed, or a model that does not exist for this account. */
export class PermissionError extends ApiError {
  override name = 'PermissionError';
}
/** 408: the server gave up on the request; it was tried again. */
export class RequestTimeoutError extends ApiError {
  override name = 'RequestTimeoutError';
}
/** 413: the prompt or the file is too long. */
export class PayloadTooLargeError extends InvalidRequestError {
  override name = 'PayloadTooLargeError';
}
/** 429. */
export class RateLimitError extends ApiError {
  override name = 'RateLimitError';
}
/** 500, 502, 504, 520. */
export class InternalServerError extends ApiError {
  override name = 'InternalServerError';
}
/** 503. */
export class ServiceUnavailableError extends InternalServerError {
  override name = 'ServiceUnavailableError';
}

const classByStatus = new Map<number, typeof ApiError>([
  [401, AuthenticationError],
  [402, PaymentRequiredError],
  [403, PermissionError],
  [404, NotFoundError],
  [408, RequestTimeoutError],
  [409, ConflictError],
  [412, PreconditionFailedError],
  [413, PayloadTooLargeError],
  [429, RateLimitError],
  [503, ServiceUnavailableError],
]);

/**
 * Reads either error envelope: `{error: {…}}` of the data plane, `{code, message, details}` of the control
 * plane.
 */
export function parseErrorBody(text: string, status: number | null): ApiErrorBody {
  const fallback = text.trim().slice(0, 500) || `the server answered ${status ?? 'an error'} without a body`;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return { message: fallback, code: null, type: null, param: null, details: [] };
  }
  const outer = asRecord(json);
  const inner = typeof outer.error === 'string' ? { message: outer.error } : asRecord(outer.error);
  const source = 'error' in outer ? inner : outer;
  const code = source.code;
  return {
    message: asText(source.message) ?? fallback,
    code: typeof code === 'string' || typeof code === 'number' ? code : null,
    type: asText(source.type),
    param: asText(source.param),
    details: Array.isArray(source.details) ? source.details : [],
  };
}

export function createApiError(status: number | null, text: string, headers: Headers | null): ApiError {
  const body = parseErrorBody(text, status);
  const requestId = headers?.get('x-request-id') ?? null;
  const fallbackClass = status === null || status >= 500 ? InternalServerError : InvalidRequestError;
  const ErrorClass = classByStatus.get(status ?? 0) ?? fallbackClass;
  return new ErrorClass(status, body, requestId, headers);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function asText(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
