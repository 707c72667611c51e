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

/** What errors of the SDK have; read by shape, so that a start without calls need not load it. */
interface SdkError {
  readonly status?: number;
  readonly body?: { readonly details?: readonly unknown[] };
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof UsageError) return exitCodes.usage;
  if (error instanceof ResourceFailedError) return exitCodes.resourceFailed;
  const { status } = error as SdkError;
  if (status === 401) return exitCodes.unauthenticated;
  if (status === 404) return exitCodes.notFound;
  if (error instanceof Error && error.message.startsWith('no API key')) return exitCodes.unauthenticated;
  return exitCodes.failed;
}

/** What went wrong and what to do: one line, and one for each further field that is wrong. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { status, body } = error as SdkError;
  if (status === 401) {
    return `${error.message}\nCheck the key with: firectl whoami, or set another one with: firectl set-api-key`;
  }
  if (error.message.startsWith('no API key')) {
    return 'no API key: run firectl signin, or set the environment variable FIREWORKS_API_KEY';
  }
  const fields = (body?.details ?? []).flatMap(describeViolations);
  return [error.message, ...fields.filter((field) => !error.message.includes(field))].join('\n  ');
}

function describeViolations(detail: unknown): string[] {
  const violations = (detail as { fieldViolations?: unknown }).fieldViolations;
  if (!Array.isArray(violations)) return [];
  return violations.map(({ field, description }: { field?: string; description?: string }) =>
    description?.includes(field ?? '') ? description : [field, description].filter(Boolean).join(': '),
  );
}
