import { ApiError, type Method } from '@sparkler/api';
import type { FastifyRequest } from 'fastify';
import { describeCallerOf, describeFailure, isWrite } from './audit.ts';
import { principalOf } from './authenticate.ts';
import type { ServerContext } from './context.ts';
import type { DecodedTarget } from './mount-decode.ts';
import { RefusedWrites } from './refused-writes.ts';

/** Of a name that a caller made up. */
const nameLengthMax = 256;

const limits = new WeakMap<ServerContext, RefusedWrites>();

/**
 * Puts a write that its caller may not do into the audit log: of the caller's account, since what others try
 * is nobody's way to fill the log of an account. Of the request itself nothing is kept.
 */
export async function recordRefusal(
  context: ServerContext,
  request: FastifyRequest,
  method: Method,
  target: DecodedTarget,
  error: unknown,
): Promise<void> {
  const { audit, log, now } = context;
  const isRefusal = error instanceof ApiError && error.code === 'PERMISSION_DENIED';
  if (audit === undefined || !isRefusal || !isWrite(method)) return;
  const principal = principalOf(request);
  const limit = limits.get(context) ?? new RefusedWrites(now);
  limits.set(context, limit);
  const counted = limit.add(principal.user);
  if (counted === null) return;
  const { leftOut } = counted;
  const entry = {
    account: principal.account,
    method: method.operationId,
    user: principal.user,
    resource: (target.name || method.permission.split('.', 1)[0]!).slice(0, nameLengthMax),
    payload: {
      ...describeCallerOf(request, principal),
      ...(leftOut === 0 ? {} : { refusalsLeftOut: leftOut }),
    },
  };
  try {
    await audit.complete(await audit.begin(entry), describeFailure(error));
  } catch (problem) {
    // It is refused all the same.
    log.warn({ err: problem, requestId: request.id }, 'a refused write could not be put into the audit log');
  }
}
