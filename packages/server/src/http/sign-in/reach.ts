import { isIPv4 } from 'node:net';
import { InferenceError } from '@sparkler/api';
import type { FastifyRequest } from 'fastify';

/** Who may sign in with a browser, from where. */
export interface ReachSettings {
  /** loopback: people on this machine. anywhere: also who comes by `publicUrl`. off: nobody. */
  readonly signIn: 'loopback' | 'anywhere' | 'off';
  /** https://… that browsers elsewhere reach this server by; empty: there is none. */
  readonly publicUrl: string;
}

/** Headers that proxies add: who comes through one is not on this machine, whatever its address says. */
const proxyHeaders = ['forwarded', 'via', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip'] as const;

/** The scheme and host that a browser shows for this server, if people may sign in by it; else null. */
export function findSignInOrigin(request: FastifyRequest, settings: ReachSettings): string | null {
  if (settings.signIn === 'off') return null;
  const { signIn, publicUrl } = settings;
  if (signIn === 'anywhere' && publicUrl !== '' && request.host === new URL(publicUrl).host) {
    return new URL(publicUrl).origin;
  }
  const isHere =
    isLoopback(request.ip) &&
    isLoopback(request.hostname) &&
    proxyHeaders.every((name) => request.headers[name] === undefined);
  return isHere ? `${request.protocol}://${request.host}` : null;
}

/** The same; throws (403) with what to do where nobody may sign in. */
export function requireSignInOrigin(request: FastifyRequest, settings: ReachSettings): string {
  const origin = findSignInOrigin(request, settings);
  if (origin === null) throw new InferenceError(403, explainReach(settings));
  return origin;
}

/** Whether an address or a host name is this machine's own. */
export function isLoopback(host: string): boolean {
  const name = host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/^::ffff:/, '');
  if (isIPv4(name)) return name.startsWith('127.');
  return name === '::1' || name === 'localhost';
}

/** What to tell somebody who can't sign in from where they are. */
export function explainReach({ signIn }: ReachSettings): string {
  if (signIn === 'off')
    return 'signing in with a browser is turned off (SPARKLER_SIGN_IN=off); use an API key';
  if (signIn === 'anywhere') {
    return 'sign in through the address of SPARKLER_PUBLIC_URL, or on the machine that the server runs on';
  }
  return (
    'people sign in on the machine that the server runs on; ' +
    'set SPARKLER_SIGN_IN=anywhere and SPARKLER_PUBLIC_URL=https://… for others'
  );
}

/** The base of links that sign people in, for who reached the server by `baseUrl`; null: none would work. */
export function planLinkBase(baseUrl: string, { signIn, publicUrl }: ReachSettings): string | null {
  if (signIn === 'off') return null;
  if (signIn === 'anywhere') return publicUrl;
  return isLoopback(new URL(baseUrl).hostname) ? baseUrl : null;
}
