import { ApiError, invalidField } from './api-error.ts';

/**
 * Resource names: `accounts/{account}/models/{model}`. Ids callers choose follow the spec: 1 to 63 of a-z,
 * 0-9 and hyphen, no hyphen at either end, no digit first. Names already given out may start with a digit
 * (deployment 12345678, batch job 42), so reading a name is that much more lenient.
 */
export const RESOURCE_ID_PATTERN = '^[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?$';
const KNOWN_ID_PATTERN = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const NEW_ID_PATTERN = new RegExp(RESOURCE_ID_PATTERN);

export const RESOURCE_ID_RULE =
  'must be 1 to 63 of a-z, 0-9 and hyphen, beginning with a letter and not ending with a hyphen';

/** Names of the `{variables}` of a pattern. */
type VariablesOf<P extends string> = P extends `${string}{${infer V}}${infer Rest}`
  ? V | VariablesOf<Rest>
  : never;

/** The ids in a name, by variable: `{account: 'a', model: 'm'}`. */
export type NameIds<P extends string = string> = Readonly<Record<VariablesOf<P>, string>>;

/** Whether an id may be chosen for a new resource. */
export function isResourceId(id: string): boolean {
  return NEW_ID_PATTERN.test(id);
}

/** The id, checked; `field` is where the caller wrote it. */
export function checkResourceId(id: string, field: string): string {
  if (!isResourceId(id)) throw invalidField(field, `${field} ${RESOURCE_ID_RULE}`);
  return id;
}

/** The ids in a full name, or null when it does not have the form of the pattern. */
export function parseName<P extends string>(pattern: P, name: string): NameIds<P> | null {
  const wanted = pattern.split('/');
  const segments = name.split('/');
  if (segments.length !== wanted.length) return null;
  const ids: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const variable = variableOf(wanted[index]!);
    if (variable === null ? segment !== wanted[index] : !KNOWN_ID_PATTERN.test(segment)) return null;
    if (variable !== null) ids[variable] = segment;
  }
  return ids as NameIds<P>;
}

/** The full name of a resource. Throws ApiError for an id that can't be in a name. */
export function formatName<P extends string>(pattern: P, ids: NameIds<P>): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (_, variable: string) => {
    const id = (ids as Record<string, string>)[variable] ?? '';
    if (KNOWN_ID_PATTERN.test(id)) return id;
    throw new ApiError('NOT_FOUND', `${variable} '${id.slice(0, 80)}' is not the id of a resource`);
  });
}

/**
 * The full name behind a reference as callers write it: the full name, `account/id`, or (where the account is
 * clear) the bare id. Null when it is none of these. For patterns of the form `accounts/{x}/collection/{y}`.
 */
export function resolveReference(pattern: string, reference: string, account: string): string | null {
  const [, , collection] = pattern.split('/');
  const segments = reference.split('/');
  const full =
    segments.length === 1
      ? `accounts/${account}/${collection}/${reference}`
      : segments.length === 2
        ? `accounts/${segments[0]}/${collection}/${segments[1]}`
        : reference;
  return parseName(pattern, full) === null ? null : full;
}

/**
 * `fireworks/mixtral-8x7b` of `accounts/fireworks/models/mixtral-8x7b`; other names are returned unchanged.
 */
export function shortName(name: string): string {
  const segments = name.split('/');
  return segments.length === 4 && segments[0] === 'accounts' ? `${segments[1]}/${segments[3]}` : name;
}

/** The last id of a name. */
export function idOf(name: string): string {
  return name.slice(name.lastIndexOf('/') + 1);
}

/** The account a name belongs to, or null for a name outside accounts. */
export function accountOf(name: string): string | null {
  const [first, account] = name.split('/');
  return first === 'accounts' && account !== undefined && account !== '' ? account : null;
}

/**
 * An id made of text such as an e-mail address: `Ann.Lee@x.org` gives `ann-lee`. Empty when nothing is
 * usable.
 */
export function deriveId(text: string): string {
  const cleaned = text
    .toLowerCase()
    .replace(/@.*$/, '')
    .replaceAll(/[^a-z0-9]+/g, '-');
  return cleaned
    .replace(/^[^a-z]+/, '')
    .slice(0, 63)
    .replace(/-+$/, '');
}

/** `model` of `{model}`; null for a fixed segment. */
function variableOf(segment: string): string | null {
  return segment.startsWith('{') ? segment.slice(1, -1) : null;
}
