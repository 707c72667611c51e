import { setTimeout as sleep } from 'node:timers/promises';
import { InferenceError } from '@sparkler/api';
import type { FastifyRequest } from 'fastify';
import type { ServerContext } from './context.ts';
import { FailedKeys, type Penalty } from './failed-keys.ts';

/** The 401 for a wrong key, link or cookie; who sends many from one address is slowed, then told to stop. */
export function refuseWrongKey(
  context: ServerContext,
  request: FastifyRequest,
  message: string,
): Promise<InferenceError> {
  return penalize(failedKeysOf(context).add(request.ip), message);
}

/** One count for all routes of a server. */
const counts = new WeakMap<ServerContext, FailedKeys>();

function failedKeysOf(context: ServerContext): FailedKeys {
  const known = counts.get(context) ?? new FailedKeys(context.now);
  counts.set(context, known);
  return known;
}

/** The answer to a wrong key, after the time that it is held back. */
async function penalize({ delayMs, isRefused }: Penalty, wrong: string): Promise<InferenceError> {
  if (delayMs > 0) await sleep(delayMs);
  if (isRefused) {
    const message = 'too many wrong API keys came from your address; check the key, and wait a minute';
    return new InferenceError(429, message, { retryAfterSeconds: 60 });
  }
  return new InferenceError(401, wrong);
}
