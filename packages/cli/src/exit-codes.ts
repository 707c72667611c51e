import { ApiError, AuthenticationError, FireworksError, NotFoundError } from '@sparkler/sdk';

/** What the shell sees; documented in docs/firectl.md. */
export const exitCodes = {
  done: 0,
  failed: 1,
  /** A wrong command, flag or value: nothing was sent. */
  usage: 2,
  notFound: 3,
  /** No key, or one that the server does not take. */
  unauthenticated: 4,
  /** `--wait` ended with the resource in a failed state. */
  resourceFailed: 5,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

/** A wrong value on the command line. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** A wait that ended badly. */
export class ResourceFailedError extends Error {
  override name = 'ResourceFailedError';
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof ResourceFailedError) return exitCodes.resourceFailed;
  if (error instanceof AuthenticationError) return exitCodes.unauthenticated;
  if (error instanceof NotFoundError) return exitCodes.notFound;
  if (error instanceof FireworksError && error.message.startsWith('no API key'))
    return exitCodes.unauthenticated;
  return exitCodes.failed;
}

/** One line that says what went wrong and what to do. */
export function describeError(error: unknown): string {
  if (error instanceof AuthenticationError) {
    return `${error.message}\nCheck the key with: firectl whoami, or set another one with: firectl set-api-key`;
  }
  if (error instanceof ApiError) {
    const fields = error.body.details.flatMap(describeViolations);
    return [error.message, ...fields].join('\n  ');
  }
  return error instanceof Error ? error.message : String(error);
}

function describeViolations(detail: unknown): string[] {
  const violations = (detail as { fieldViolations?: unknown }).fieldViolations;
  if (!Array.isArray(violations)) return [];
  return violations.map((violation: { field?: string; description?: string }) =>
    [violation.field, violation.description].filter(Boolean).join(': '),
  );
}
