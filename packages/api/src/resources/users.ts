import { bool, displayName, message, out, required, text, timestamp, word } from '../fields.ts';
import { defineResource } from '../resource.ts';
import { Status } from './shared-messages.ts';

export const User = message('User', {
  name: out(text('accounts/{account}/users/{user}')),
  displayName: displayName(),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
  role: required(word(['user', 'admin', 'contributor', 'inference-user'])),
  email: text('Required unless the user is a service account.', { maxLength: 320 }),
  state: out(word(['STATE_UNSPECIFIED', 'CREATING', 'READY', 'UPDATING', 'DELETING'])),
  status: out(Status),
  serviceAccount: bool('Not a person: has API keys and no e-mail.'),
});

export const SignInLink = message('SignInLink', {
  url: out(text('To be opened in a browser, once. Not shown again.')),
  user: out(text('Who it signs in: accounts/{account}/users/{user}')),
  expireTime: out(timestamp()),
});

export const users = defineResource({
  noun: 'user',
  collection: 'users',
  parent: 'accounts/{account}',
  schema: User,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({
      idKey: 'userId',
      access: 'admin',
      query: message('CreateUserParameters', { userId: text('Default: derived from the e-mail.') }),
    }),
    update: on.update({ access: 'admin' }),
    delete: on.delete({ access: 'admin' }),
    createSignInLink: on.verb('createSignInLink', {
      operationId: 'createSignInLink',
      summary: 'Make a one-time link that signs a user in',
      response: SignInLink,
    }),
  }),
});
