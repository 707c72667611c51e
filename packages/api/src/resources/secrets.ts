import { fixed, message, out, required, secret, text, timestamp } from '../fields.ts';
import { defineResource } from '../resource.ts';

/** A value that jobs and imports get by name. */
export const Secret = message('Secret', {
  name: required(fixed(text('accounts/{account}/secrets/{secret}; on create an id is enough.'))),
  keyName: required(text('Name of the environment variable, such as WOLFRAM_ALPHA_API_KEY.')),
  value: secret(text('Required on create. Never returned.', { maxLength: 32_768 })),
  createTime: out(timestamp()),
  updateTime: out(timestamp()),
});

export const secrets = defineResource({
  noun: 'secret',
  collection: 'secrets',
  parent: 'accounts/{account}',
  schema: Secret,
  methods: (on) => ({
    list: on.list(),
    get: on.get(),
    create: on.create({ idKey: null }),
    update: on.update(),
    delete: on.delete(),
  }),
});
