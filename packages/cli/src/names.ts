import { UsageError } from './exit-codes.ts';

/** The spec's own wording for a missing id. */
export const emptyIdMessage = 'invalid id: id must be at least 1 character long';

const knownId = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;

/** An id or full name from the command line, checked. */
export function readName(name: string | undefined): string {
  if (name === undefined || name.trim() === '') throw new UsageError(emptyIdMessage);
  return name.trim();
}

/** Whether a text is a full name of the pattern `accounts/{account}/models/{model}`. */
export function isFullName(pattern: string, name: string): boolean {
  const wanted = pattern.split('/');
  const given = name.split('/');
  return (
    given.length === wanted.length &&
    wanted.every((segment, i) => (segment.startsWith('{') ? knownId.test(given[i]!) : segment === given[i]))
  );
}

/**
 * The full name behind an id, `account/id` or a full name. Throws UsageError for what is none of these,
 * saying the form that is wanted.
 */
export function resolveReference(pattern: string, reference: string, account: string): string {
  const full = isFullName(pattern, reference) ? reference : expandName(pattern, reference, account);
  if (isFullName(pattern, full)) return full;
  throw new UsageError(`'${reference}' is not an id, nor a name of the form ${pattern}`);
}

function expandName(pattern: string, reference: string, account: string): string {
  const segments = reference.split('/');
  if (segments.length > 2) return reference;
  const ids = segments.length === 2 ? segments : [account, reference];
  const variables = pattern.match(/\{\w+\}/g) ?? [];
  // `get account acme`: the id is the account itself.
  const given = variables.length === 1 ? ids.slice(-1) : ids;
  let next = 0;
  return pattern.replaceAll(/\{\w+\}/g, () => given[next++] ?? '');
}
