/**
 * The `Content-Range` of an upload: a part of the whole, or the question how much is there (`bytes * /
 * total`).
 */
export type ContentRange =
  | { readonly kind: 'part'; readonly fromByte: number; readonly toByte: number; readonly totalBytes: number }
  | { readonly kind: 'status'; readonly totalBytes: number | null };

/** Null for a header that is none of both. */
export function parseContentRange(header: string): ContentRange | null {
  const status = /^bytes \*\/(\d{1,15}|\*)$/.exec(header);
  if (status) return { kind: 'status', totalBytes: status[1] === '*' ? null : Number(status[1]) };
  const part = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(header);
  if (!part) return null;
  const [fromByte = 0, toByte = 0, totalBytes = 0] = part.slice(1).map(Number);
  if (fromByte > toByte || toByte >= totalBytes) return null;
  return { kind: 'part', fromByte, toByte, totalBytes };
}

/**
 * The first range of a download's `Range` header within a blob: null for none, 'bad' when it lies outside.
 */
export function parseRange(header: string | undefined, sizeBytes: number) {
  const match = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return null;
  const [first, last] = [match[1] ?? '', match[2] ?? ''];
  const fromByte = first === '' ? Math.max(0, sizeBytes - Number(last)) : Number(first);
  const toByte = first === '' || last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return fromByte > toByte ? 'bad' : { fromByte, toByte };
}
