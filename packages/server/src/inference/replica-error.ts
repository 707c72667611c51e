import { InferenceError, isInferenceErrorStatus } from '@sparkler/api';
import type { ExchangeEnd } from './exchange.ts';

type Refusal = Extract<ExchangeEnd, { kind: 'refused' }>;

/**
 * Statuses of a replica that are about the caller's request; all others are between the gateway and the
 * replica.
 */
const callersFault = new Set([400, 408, 412, 413, 422]);

/**
 * Statuses that say the gateway asked for the wrong thing, or that what stands behind the replica is down.
 */
const gatewaysFault = new Set([401, 402, 403, 404, 405, 406, 409, 411, 415, 421, 431, 501, 502]);

/** Whether an engine refused a request because it is ending: nothing of it ran. */
export function isShuttingDown({ status, body }: Refusal): boolean {
  return status === 503 && readError(body).code === 'SHUTTING_DOWN';
}

/** The caller's view of an error that a replica answered with. */
export function errorOfRefusal(refusal: Refusal): InferenceError {
  const { message, param, code } = readError(refusal.body);
  const details = { param, ...(code === null ? {} : { code }) };
  if (callersFault.has(refusal.status)) {
    const status = isInferenceErrorStatus(refusal.status) ? refusal.status : 400;
    return new InferenceError(status, message ?? 'the model server refused the request', details);
  }
  if (refusal.status === 429 || refusal.status === 503 || refusal.status === 504) {
    const given = Number(refusal.headers['retry-after']);
    const retryAfterSeconds = Number.isFinite(given) && given > 0 ? given : 1;
    const text = message ?? 'the model server is busy; try again';
    return new InferenceError(refusal.status, text, { ...details, retryAfterSeconds });
  }
  if (refusal.status === 500)
    return new InferenceError(500, message ?? 'the model server failed on this request');
  if (gatewaysFault.has(refusal.status)) {
    return new InferenceError(
      502,
      `the model server answered with status ${refusal.status}; report it to the operator`,
    );
  }
  return new InferenceError(
    520,
    `the model server answered with status ${refusal.status} and no explanation; try again, and report it if it stays`,
  );
}

/** What to tell the caller when a replica's answer is not one. */
export function errorOfNonsense(): InferenceError {
  const message =
    'the model server sent an answer that can not be read; try again, and report it if it stays';
  return new InferenceError(502, message, { retryAfterSeconds: 2 });
}

/** What to tell the caller when a replica died or sent nonsense. */
export function errorOfBreak(begun: boolean): InferenceError {
  if (begun) {
    const message =
      'the replica that served this request died or broke off; the answer is incomplete, send it again';
    return new InferenceError(503, message, { retryAfterSeconds: 2 });
  }
  const message =
    'the replica that served this request died before it answered; it is being restarted, try again';
  return new InferenceError(503, message, { retryAfterSeconds: 2 });
}

function readError(body: Buffer): { message: string | null; param: string | null; code: string | null } {
  const nothing = { message: null, param: null, code: null };
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString());
  } catch (error) {
    if (error instanceof SyntaxError) return nothing;
    throw error;
  }
  const error = (parsed as { error?: unknown } | null)?.error;
  if (typeof error === 'string') return { ...nothing, message: error };
  if (typeof error !== 'object' || error === null) return nothing;
  const { message, param, code } = error as Record<string, unknown>;
  return {
    message: typeof message === 'string' ? message : null,
    param: typeof param === 'string' ? param : null,
    code: typeof code === 'string' ? code : null,
  };
}
