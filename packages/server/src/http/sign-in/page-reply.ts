import type { FastifyReply } from 'fastify';
import { signInPolicy } from './sign-in-page.ts';

/** One text of a form or a query; anything else is as if it were not there. */
export function readText(values: unknown, name: string): string {
  const value = (values as Record<string, unknown> | null | undefined)?.[name];
  return typeof value === 'string' ? value.slice(0, 200) : '';
}

export function sendPage(reply: FastifyReply, status: number, page: string): string {
  reply.status(status).headers({
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': signInPolicy,
    'cache-control': 'no-store',
    // The address holds the token. Not `no-referrer`: forms would then be sent with the origin null.
    'referrer-policy': 'same-origin',
    'x-content-type-options': 'nosniff',
  });
  return page;
}

export function seeOther(reply: FastifyReply, location = '/sign-in'): string {
  reply.status(303).headers({ location, 'cache-control': 'no-store' });
  return '';
}
