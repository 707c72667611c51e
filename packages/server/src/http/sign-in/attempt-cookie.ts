import { readTokenCookie } from './session-cookie.ts';

/**
 * The cookie that binds an attempt to sign in to the browser that began it. Other than a session's, it comes
 * along when the provider sends the browser back; by itself it opens nothing.
 */

const nameFor = (origin: string) => `${isHttps(origin) ? '__Host-' : ''}sparkler-sign-in`;
const isHttps = (origin: string) => origin.startsWith('https://');
const lifetimeSeconds = 600;

export function readAttemptCookie(header: string | undefined, origin: string): string | null {
  return readTokenCookie(header, nameFor(origin));
}

/** Forms of other sites bring only cookies that say `None`, which browsers keep by HTTPS alone. */
export function writeAttemptCookie(token: string, origin: string, answersBy: 'query' | 'form'): string {
  const site = answersBy === 'form' ? 'None' : 'Lax';
  return `${nameFor(origin)}=${token}; Max-Age=${lifetimeSeconds}; ${attributes(origin, site)}`;
}

export function clearAttemptCookie(origin: string): string {
  return `${nameFor(origin)}=; Max-Age=0; ${attributes(origin, 'Lax')}`;
}

function attributes(origin: string, site: 'None' | 'Lax'): string {
  return `Path=/; HttpOnly; SameSite=${site}${isHttps(origin) ? '; Secure' : ''}`;
}
