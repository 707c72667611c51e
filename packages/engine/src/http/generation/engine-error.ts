import { InferenceError, type InferenceErrorStatus } from '@sparkler/api';
import type { GenerationErrorCode } from '../../core/generation.ts';

const table: Record<
  GenerationErrorCode,
  { status: InferenceErrorStatus; code: string; retryAfterSeconds?: number }
> = {
  'queue-full': { status: 503, code: 'QUEUE_FULL', retryAfterSeconds: 1 },
  'prompt-too-long': { status: 400, code: 'CONTEXT_LENGTH_EXCEEDED' },
  'cache-too-small': { status: 400, code: 'CACHE_TOO_SMALL' },
  'adapter-missing': { status: 404, code: 'ADAPTER_NOT_FOUND' },
  'invalid-request': { status: 400, code: 'BAD_REQUEST' },
  closing: { status: 503, code: 'SHUTTING_DOWN', retryAfterSeconds: 1 },
  internal: { status: 500, code: 'INTERNAL_SERVER_ERROR' },
};

/** An error event of the engine as the HTTP error of the data plane. */
export function toInferenceError(code: GenerationErrorCode, message: string): InferenceError {
  const { status, ...details } = table[code];
  return new InferenceError(status, message, details);
}
