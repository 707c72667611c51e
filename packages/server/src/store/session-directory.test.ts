import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { BegunSession, SessionDirectory } from '../http/sign-in/sessions.ts';
import { createSessionDirectory } from './session-directory.ts';
import { createSignInLinks } from './sign-in-links.ts';
import { openTestDatabase, type TestDatabase } from './testing.ts';

/** How long sessions and links last, by a clock that the test moves. */

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const user = 'accounts/acme/users/ann';
const times = { sessionIdleTimeoutMs: 12 * hourMs, sessionLifetimeMs: 48 * hourMs };

let database: TestDatabase;
let nowMs = Date.parse('2026-11-01T00:00:00Z');
let sessions: SessionDirectory;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.db.insertInto('accounts').values({ id: 'acme' }).execute();
  await database.db.insertInto('users').values({ name: user, account: 'acme', role: 'user' }).execute();
  sessions = createSessionDirectory(database.db, times, () => nowMs);
});
afterAll(() => database.close());

let begun: BegunSession;
beforeEach(async () => {
  const made = await sessions.begin({ user, provider: 'link', fromAddress: '127.0.0.1', userAgent: 'b' });
  begun = made as BegunSession;
});

/** The cookie that follows, as a browser that got it would send it. */
async function rotate(token: string): Promise<string> {
  nowMs += hourMs;
  const found = await sessions.find(token);
  expect(found?.nextToken).toMatch(/^[\w-]{43}$/);
  return found?.nextToken as string;
}

test('a session is its user, as they are now', async () => {
  const found = await sessions.find(begun.token);
  expect(found).toMatchObject({ nextToken: null, principal: { account: 'acme', user, role: 'user' } });
  await database.db.updateTable('users').set({ role: 'inference-user' }).where('name', '=', user).execute();
  expect((await sessions.find(begun.token))?.principal.role).toBe('inference-user');
  expect(await sessions.find(`${begun.token.slice(0, -1)}_`)).toBeNull();
  expect(
    await sessions.begin({
      user: 'accounts/acme/users/no',
      provider: 'link',
      fromAddress: '',
      userAgent: '',
    }),
  ).toBeNull();
});

test('unused, it ends; used, it goes on until it is too old', async () => {
  nowMs += times.sessionIdleTimeoutMs;
  expect(await sessions.find(begun.token)).toBeNull();
  let { token } = (await sessions.begin({
    user,
    provider: 'link',
    fromAddress: '',
    userAgent: '',
  })) as BegunSession;
  const endMs = nowMs + times.sessionLifetimeMs;
  while (nowMs + 10 * hourMs < endMs) {
    nowMs += 10 * hourMs;
    const found = await sessions.find(token);
    expect(found).not.toBeNull();
    token = found?.nextToken ?? token;
  }
  nowMs = endMs;
  expect(await sessions.find(token)).toBeNull();
});

test('its cookie is replaced hourly, by one request of several, and the old one works until the new one came', async () => {
  nowMs += hourMs;
  const found = await Promise.all(Array.from({ length: 5 }, () => sessions.find(begun.token)));
  expect(found.every((one) => one !== null)).toBe(true);
  const handedOut = found.flatMap((one) => one?.nextToken ?? []);
  expect(handedOut).toHaveLength(1);
  // The answer with it may be lost: the old cookie goes on, and gets another one later.
  nowMs += 2 * minuteMs;
  const again = await sessions.find(begun.token);
  expect(again?.nextToken).toMatch(/^[\w-]{43}$/);
  const next = again?.nextToken as string;
  const both = await Promise.all([sessions.find(next), sessions.find(next), sessions.find(begun.token)]);
  expect(both.map((one) => one?.principal.session)).toEqual([begun.name, begun.name, begun.name]);
  expect((await sessions.find(next))?.nextToken).toBeNull();
});

test('a replaced cookie that comes again later was copied: the session ends', async () => {
  const next = await rotate(begun.token);
  expect(await sessions.find(next)).not.toBeNull();
  expect(await sessions.find(begun.token)).not.toBeNull();
  nowMs += 2 * minuteMs;
  expect(await sessions.find(begun.token)).toBeNull();
  expect(await sessions.find(next)).toBeNull();
});

test('a link works for ten minutes, once, however many try', async () => {
  const links = createSignInLinks(database.db, () => nowMs);
  const { token = '' } = (await links.make(user)) ?? {};
  expect(await links.look(token)).toBe(user);
  const taken = await Promise.all(Array.from({ length: 5 }, () => links.take(token)));
  expect(taken.filter((one) => one !== null)).toEqual([user]);
  expect(await links.look(token)).toBeNull();
  const { token: late = '' } = (await links.make(user)) ?? {};
  nowMs += 10 * minuteMs;
  expect([await links.look(late), await links.take(late)]).toEqual([null, null]);
  expect(await links.make('accounts/acme/users/no')).toBeNull();
});
