import { bool, message, out, text, timestamp } from '../fields.ts';
import { defineResource } from '../resource.ts';

/** A person who signed in with a browser. Made by signing in, so there is no create. */
export const Session = message('Session', {
  name: out(text('accounts/{account}/sessions/{session}')),
  user: out(text('accounts/{account}/users/{user}')),
  createTime: out(timestamp()),
  lastUseTime: out(timestamp('To the minute.')),
  expireTime: out(timestamp('When it ends at the latest; it ends earlier when it is not used.')),
  provider: out(text('How the user signed in, such as link.')),
  fromAddress: out(text('Address that the user signed in from.')),
  userAgent: out(text('Browser that the user signed in with.')),
  current: out(bool('Whether this request came with it.')),
});

/** Sessions of the caller; administrators see and end those of everybody. */
export const sessions = defineResource({
  noun: 'session',
  collection: 'sessions',
  parent: 'accounts/{account}',
  schema: Session,
  methods: (on) => ({ list: on.list(), get: on.get(), delete: on.delete() }),
});
