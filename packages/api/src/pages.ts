import { invalidField } from './api-error.ts';

/** Page sizes of every list method (larger ones are lowered, as the API documents). */
export const PAGE_SIZE_DEFAULT = 50;
export const PAGE_SIZE_MAX = 200;

/** Where the next page begins: order-by values of the last row shown, then its name. */
export type PageCursor = readonly (string | number | boolean | null)[];

/** The page size of a `pageSize` query value. 0 and absent mean the default. */
export function readPageSize(text: string | undefined, limits: PageLimits = {}): number {
  const { sizeDefault = PAGE_SIZE_DEFAULT, sizeMax = PAGE_SIZE_MAX } = limits;
  if (text === undefined || text === '') return sizeDefault;
  const size = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(size)) {
    throw invalidField('pageSize', 'pageSize must be an integer of at least 0');
  }
  return size === 0 ? sizeDefault : Math.min(size, sizeMax);
}

export interface PageLimits {
  readonly sizeDefault?: number;
  readonly sizeMax?: number;
}

/**
 * An opaque token for the next page, bound to the query: `query` must be the same text for both calls
 * (parent, filter, order). The binding catches mistakes; it is no signature, since a token gives access to
 * nothing.
 */
export function encodePageToken(query: string, cursor: PageCursor): string {
  const bytes = new TextEncoder().encode(JSON.stringify([hashText(query), ...cursor]));
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * The cursor in a token; null for no token. Throws ApiError for a token that is damaged or of another query.
 */
export function decodePageToken(query: string, token: string | undefined): PageCursor | null {
  if (token === undefined || token === '') return null;
  const parts = readToken(token);
  if (parts === null) throw invalidField('pageToken', 'pageToken is damaged; send nextPageToken unchanged');
  const [hash, ...cursor] = parts;
  if (hash === hashText(query)) return cursor;
  throw invalidField(
    'pageToken',
    'pageToken belongs to another query; keep filter, orderBy and parent the same',
  );
}

function readToken(token: string): PageCursor | null {
  if (!/^[A-Za-z0-9_-]{1,8192}$/.test(token)) return null;
  try {
    const binary = atob(token.replaceAll('-', '+').replaceAll('_', '/'));
    const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
    const parts: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return Array.isArray(parts) && parts.length > 1 && parts.every(isScalar) ? parts : null;
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError || error instanceof DOMException)
      return null;
    throw error;
  }
}

function isScalar(value: unknown): value is PageCursor[number] {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

/** 64-bit FNV-1a, as hex. Not cryptographic. */
function hashText(text: string): string {
  let hash = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  }
  return hash.toString(16);
}
