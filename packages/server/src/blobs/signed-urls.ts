import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a signed URL allows: one method on one blob until a time; uploads of exactly one size. */
export interface SignedAccess {
  readonly method: 'GET' | 'PUT';
  readonly key: string;
  readonly expireTimeMs: number;
  /** Uploads only. */
  readonly sizeBytes: number | null;
}

/** Path of blobs on our own API; the key follows. */
export const blobPath = '/blobs/';

/** A URL that needs no API key: whoever has it may do what it says, which a signature keeps to that. */
export function signUrl(secret: Buffer, baseUrl: string, access: SignedAccess): string {
  const path = access.key.split('/').map(encodeURIComponent).join('/');
  return `${baseUrl}${blobPath}${path}?${signQuery(secret, access)}`;
}

/** The query that proves an access, for URLs of other routes. */
export function signQuery(secret: Buffer, access: SignedAccess): string {
  const query = new URLSearchParams({
    ...(access.sizeBytes === null ? {} : { size: String(access.sizeBytes) }),
    expires: String(Math.floor(access.expireTimeMs / 1000)),
    signature: sign(secret, access).toString('base64url'),
  });
  return query.toString();
}

/** Whether a signature is that of the access, in constant time. */
export function isSigned(secret: Buffer, access: SignedAccess, signature: string): boolean {
  const wanted = sign(secret, access);
  const given = Buffer.from(signature, 'base64url');
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function sign(secret: Buffer, { method, key, expireTimeMs, sizeBytes }: SignedAccess): Buffer {
  const text = JSON.stringify([method, key, Math.floor(expireTimeMs / 1000), sizeBytes]);
  return createHmac('sha256', secret).update(text).digest();
}
