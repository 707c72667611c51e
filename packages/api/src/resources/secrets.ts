import { fixed, message, required, secret, text } from '../fields.ts';
import { defineResource } from '../resource.ts';

/** A value that jobs and evaluators get by name. */
export const Secret = message('Secret', {
  name: required(fixed(text('accounts/{account}/secrets/{secret}; chosen on create.'))),
  keyName: required(text('Name of the environment variable, such as WOLFRAM_ALPHA_API_KEY.')),
  value: secret(text('Never returned.')),
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
