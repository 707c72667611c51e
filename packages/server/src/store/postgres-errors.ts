/**
 * Whether a query failed because a row with that key is there already; `constraint` narrows it to one index.
 */
export function isDuplicate(error: unknown, constraint?: string): boolean {
  const { code, constraint: violated } = (error ?? {}) as { code?: unknown; constraint?: unknown };
  return code === '23505' && (constraint === undefined || violated === constraint);
}

/** Whether a query failed because other rows still name this one. */
export function isReferenced(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23503';
}

/** Whether a row named an account that does not exist. */
export function lacksAccount(error: unknown): boolean {
  const { code, constraint = '' } = error as { code?: unknown; constraint?: string };
  return code === '23503' && constraint.endsWith('_account_fkey');
}
