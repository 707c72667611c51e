import { createHash } from 'node:crypto';
import { html, type Markup } from '../reference/html.ts';

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:32rem;margin:15vh auto;padding:0 1rem;
color-scheme:light dark}button{font:inherit;padding:.4rem 1.2rem}code{overflow-wrap:anywhere}`;

/** What the page may do: show itself and send its forms back here; nobody may frame it. */
export const signInPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** Opening a link uses nothing up, since programs that preview links open them too: the button does. */
export function renderOffer(user: string, token: string): string {
  return renderPage(html`<h1>Sign in</h1>
<p>This signs you in as <code>${user}</code>, once.</p>
<form method="post" action="/sign-in"><input type="hidden" name="token" value="${token}">
<button type="submit">Sign in</button></form>`);
}

export function renderSignedIn(user: string): string {
  return renderPage(html`<h1>Signed in</h1>
<p>You are signed in as <code>${user}</code>. Pages of this server may now call its <a href="/docs">API</a> for you.</p>
<form method="post" action="/sign-out"><button type="submit">Sign out</button></form>`);
}

/** What of an identity provider is shown. */
interface Shown {
  readonly id: string;
  readonly title: string;
}

/** `reason`: a sentence without its full stop. */
export function renderSignedOut(reason: string, providers: readonly Shown[] = []): string {
  const links = providers.map(
    ({ id, title }) => html`<p><a href="/sign-in/${id}">Sign in by ${title}</a></p>`,
  );
  return renderPage(html`<h1>Not signed in</h1>
<p>${reason}.</p>
<p>The server prints a link when it starts; <code>firectl sign-in-link</code> makes another one.</p>
${links}`);
}

/** Somebody with one e-mail in several accounts. */
export function renderChoice(provider: string, users: readonly string[], token: string): string {
  const buttons = users.map(
    (user) => html`<p><button type="submit" name="user" value="${user}">${user}</button></p>`,
  );
  return renderPage(html`<h1>Choose an account</h1>
<form method="post" action="/sign-in/${provider}/choose"><input type="hidden" name="token" value="${token}">
${buttons}</form>`);
}

function renderPage(content: Markup): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sign in</title><style>${{ html: style }}</style></head><body>${content}</body></html>`.html;
}
