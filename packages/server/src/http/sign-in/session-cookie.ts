/**
 * The cookie that holds a session's token. Scripts can not read it, other sites can not have it sent, and by
 * HTTPS it is bound to the one host (`__Host-`), which also keeps neighbours from setting it.
 */

/** Browsers keep cookies with this prefix by HTTPS only. */
const secureName = '__Host-sparkler-session';
const plainName = 'sparkler-session';

const nameFor = (origin: string) => (isHttps(origin) ? secureName : plainName);
const isHttps = (origin: string) => origin.startsWith('https://');

/** The token in a Cookie header; null when there is none, or one that was made for another scheme. */
export function readSessionCookie(header: string | undefined, origin: string): string | null {
  return readTokenCookie(header, nameFor(origin));
}

/** The token in a cookie; null when there is none, or none of that form. */
export function readTokenCookie(header: string | undefined, name: string): string | null {
  for (const pair of (header ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value !== undefined && /^[\w-]{43}$/.test(value)) return value;
  }
  return null;
}

/** Whether a Cookie header has a session in it, good or not. */
export function hasSessionCookie(header: string | undefined): boolean {
  return header?.includes(`${plainName}=`) === true;
}

/** A Set-Cookie header; browsers forget the cookie when the session is over. */
export function writeSessionCookie(token: string, origin: string, expireTime: Date): string {
  return `${nameFor(origin)}=${token}; Expires=${expireTime.toUTCString()}; ${attributes(origin)}`;
}

/** A Set-Cookie header that takes the cookie away. */
export function clearSessionCookie(origin: string): string {
  return `${nameFor(origin)}=; Max-Age=0; ${attributes(origin)}`;
}

function attributes(origin: string): string {
  return `Path=/; HttpOnly; SameSite=Strict${isHttps(origin) ? '; Secure' : ''}`;
}
