/** Errors of the control plane: google.rpc.Status as grpc-gateway writes it. */

const codes = {
  CANCELLED: { number: 1, httpStatus: 499 },
  UNKNOWN: { number: 2, httpStatus: 500 },
  INVALID_ARGUMENT: { number: 3, httpStatus: 400 },
  DEADLINE_EXCEEDED: { number: 4, httpStatus: 504 },
  NOT_FOUND: { number: 5, httpStatus: 404 },
  ALREADY_EXISTS: { number: 6, httpStatus: 409 },
  PERMISSION_DENIED: { number: 7, httpStatus: 403 },
  RESOURCE_EXHAUSTED: { number: 8, httpStatus: 429 },
  FAILED_PRECONDITION: { number: 9, httpStatus: 400 },
  ABORTED: { number: 10, httpStatus: 409 },
  OUT_OF_RANGE: { number: 11, httpStatus: 400 },
  UNIMPLEMENTED: { number: 12, httpStatus: 501 },
  INTERNAL: { number: 13, httpStatus: 500 },
  UNAVAILABLE: { number: 14, httpStatus: 503 },
  DATA_LOSS: { number: 15, httpStatus: 500 },
  UNAUTHENTICATED: { number: 16, httpStatus: 401 },
} as const;

export type RpcCode = keyof typeof codes;

/** google.rpc codes: their number in the body and the HTTP status they travel under. */
export const rpcCodeTable: Readonly<
  Record<RpcCode, { readonly number: number; readonly httpStatus: number }>
> = codes;

/** One wrong field of a request. */
export interface FieldViolation {
  /** Path of the field, such as `autoscalingPolicy.scaleUpWindow`. */
  readonly field: string;
  readonly description: string;
}

/** The body of every failed control-plane request. */
export interface ApiErrorBody {
  code: number;
  message: string;
  details: { '@type': string; fieldViolations: readonly FieldViolation[] }[];
}

/** A control-plane request that fails: what was wrong, where, and what to do next, for the caller to read. */
export class ApiError extends Error {
  readonly code: RpcCode;
  readonly violations: readonly FieldViolation[];

  constructor(code: RpcCode, message: string, violations: readonly FieldViolation[] = [], cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'ApiError';
    this.code = code;
    this.violations = violations;
  }

  get httpStatus(): number {
    return codes[this.code].httpStatus;
  }
}

/** A 400 about one field. */
export function invalidField(field: string, description: string): ApiError {
  return new ApiError('INVALID_ARGUMENT', description, [{ field, description }]);
}

/** The wire form of an error. */
export function toApiErrorBody(error: ApiError): ApiErrorBody {
  const details =
    error.violations.length === 0
      ? []
      : [{ '@type': 'type.googleapis.com/google.rpc.BadRequest', fieldViolations: error.violations }];
  return { code: codes[error.code].number, message: error.message, details };
}

/** The code of a wire number; UNKNOWN for numbers nobody defined. */
export function rpcCodeOf(number: number): RpcCode {
  const entry = Object.entries(codes).find(([, row]) => row.number === number);
  return (entry?.[0] as RpcCode | undefined) ?? 'UNKNOWN';
}
